-- The tables in PostgreSQL 15 or newer. Names, types and meaning of MUTT v2.5's columns are kept; what is
-- added is nullable or has a default, so that statements that name only MUTT's columns keep working.
--
-- By hand, into an empty database:  psql -v ON_ERROR_STOP=1 -f 0001_tables.sql
-- A database that MUTT v2.5 made is not migrated but adopted: muttd db adopt.

BEGIN;

CREATE TABLE schema_migrations (
  version    integer PRIMARY KEY,
  name       text NOT NULL,
  checksum   text,                -- SHA-256 of the file; filled in by muttd db migrate
  applied_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE alert_rules (
  id              serial PRIMARY KEY,
  match_string    text,
  trap_oid        text,
  syslog_severity integer CHECK (syslog_severity BETWEEN 0 AND 7),
  match_type      text NOT NULL DEFAULT 'contains'
                  CHECK (match_type IN ('contains', 'regex', 'oid_prefix')),
  priority        integer NOT NULL DEFAULT 100,
  prod_handling   text NOT NULL,
  dev_handling    text NOT NULL,
  team_assignment text,
  is_active       boolean NOT NULL DEFAULT true,
  name            text UNIQUE CHECK (name <> ''),  -- rule-<id> when it is not given
  description     text,
  severity        integer CHECK (severity BETWEEN 0 AND 5),
  key             text,
  summary         text,
  doc_url         text,
  tags            jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(tags) = 'array'),
  examples        jsonb CHECK (jsonb_typeof(examples) = 'object'),
  version         integer NOT NULL DEFAULT 1,
  updated_at      timestamptz,
  updated_by      text
);
CREATE INDEX alert_rules_match_type ON alert_rules (match_type);
CREATE INDEX alert_rules_is_active ON alert_rules (is_active);

CREATE TABLE development_hosts (
  hostname text PRIMARY KEY CHECK (hostname <> '')
);
CREATE UNIQUE INDEX development_hosts_key ON development_hosts (lower(hostname));

CREATE TABLE device_teams (
  hostname        text PRIMARY KEY CHECK (hostname <> ''),
  team_assignment text NOT NULL
);
CREATE UNIQUE INDEX device_teams_key ON device_teams (lower(hostname));

CREATE TABLE devices (
  hostname      text PRIMARY KEY CHECK (hostname <> ''),
  addresses     inet[] NOT NULL DEFAULT '{}',
  first_seen_at timestamptz,
  last_seen_at  timestamptz,
  attrs         jsonb CHECK (jsonb_typeof(attrs) = 'object')
);
CREATE UNIQUE INDEX devices_key ON devices (lower(hostname));

-- The daemon gives the ids; the sequence serves statements of MUTT's that give none. It starts where no
-- id of the daemon's will ever be (their 41 bits of milliseconds would have to be 0).
CREATE TABLE event_audit_log (
  id                bigserial,
  event_timestamp   timestamptz NOT NULL,
  hostname          text,
  matched_rule_id   integer REFERENCES alert_rules (id),
  handling_decision text,
  forwarded_to_moog boolean NOT NULL DEFAULT false,
  raw_message       text,
  received_at       timestamptz,
  source            text,      -- syslog, trap, internal
  source_addr       inet,
  severity          smallint,  -- of syslog, 0-7
  environment       text,      -- prod, dev
  team_assignment   text,
  device_team       text,
  rule_version      integer,
  parse             text,
  host_from         text,
  clock             text,      -- device, arrival
  attrs             jsonb,     -- {"labels": …, "trap": …}
  PRIMARY KEY (id, event_timestamp)
) PARTITION BY RANGE (event_timestamp);
CREATE INDEX event_audit_log_event_timestamp ON event_audit_log (event_timestamp);
CREATE INDEX event_audit_log_hostname ON event_audit_log (hostname, event_timestamp);
-- Pages of a host are asked for without regard to case.
CREATE INDEX event_audit_log_host_key ON event_audit_log (lower(hostname), event_timestamp);
CREATE INDEX event_audit_log_matched_rule_id ON event_audit_log (matched_rule_id, event_timestamp)
  WHERE matched_rule_id IS NOT NULL;
-- Unmatched events are found by their time: they are most of all, and would make most of the index.
CREATE INDEX event_audit_log_handling ON event_audit_log (lower(handling_decision), event_timestamp)
  WHERE lower(handling_decision) <> 'unmatched';

-- Takes what belongs to no month that has a partition yet; the daemon empties it into the month's own.
CREATE TABLE event_audit_log_default PARTITION OF event_audit_log DEFAULT;

CREATE TABLE config_audit_log (
  id             bigserial PRIMARY KEY,
  changed_at     timestamptz NOT NULL DEFAULT now(),
  changed_by     varchar(100) NOT NULL,
  operation      varchar(10) NOT NULL CHECK (operation IN ('CREATE', 'UPDATE', 'DELETE')),
  table_name     varchar(50) NOT NULL,
  record_id      integer,
  old_values     jsonb,
  new_values     jsonb,
  reason         text,
  correlation_id varchar(36),
  record_key     text
);
CREATE INDEX config_audit_log_record ON config_audit_log (table_name, record_id);
CREATE INDEX config_audit_log_key ON config_audit_log (table_name, record_key);
CREATE INDEX config_audit_log_changed_at ON config_audit_log (changed_at DESC);
CREATE INDEX config_audit_log_changed_by ON config_audit_log (changed_by);
CREATE INDEX config_audit_log_correlation ON config_audit_log (correlation_id);
CREATE INDEX config_audit_log_old_values ON config_audit_log USING gin (old_values);
CREATE INDEX config_audit_log_new_values ON config_audit_log USING gin (new_values);

-- Grows with every change of rules, hosts, teams and devices.
CREATE TABLE config_version (
  id      integer PRIMARY KEY CHECK (id = 1),
  version bigint NOT NULL
);
INSERT INTO config_version (id, version) VALUES (1, 1);

INSERT INTO schema_migrations (version, name) VALUES (1, 'tables');

COMMIT;
