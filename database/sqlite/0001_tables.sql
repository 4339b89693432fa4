-- The tables of the embedded store. Names, types and meaning of MUTT v2.5's columns are kept; what is
-- added is nullable or has a default, so that statements that name only MUTT's columns keep working.
--
-- Times are UTC text that sorts and that SQLite's date functions read: 2026-11-21T02:14:05.913000Z.
-- Booleans are 0 and 1, JSON is text.
--
-- By hand, into a new file:  sqlite3 -bail muttd.db < 0001_tables.sql

BEGIN IMMEDIATE;

CREATE TABLE schema_migrations (
  version    INTEGER PRIMARY KEY,
  name       TEXT NOT NULL,
  checksum   TEXT,                -- SHA-256 of the file; filled in by muttd db migrate
  applied_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z')
) STRICT;

CREATE TABLE alert_rules (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,  -- an id is never given twice: history points at it
  match_string    TEXT,
  trap_oid        TEXT,
  syslog_severity INTEGER CHECK (syslog_severity BETWEEN 0 AND 7),
  match_type      TEXT NOT NULL CHECK (match_type IN ('contains', 'regex', 'oid_prefix')),
  priority        INTEGER NOT NULL DEFAULT 100,
  prod_handling   TEXT NOT NULL,
  dev_handling    TEXT NOT NULL,
  team_assignment TEXT,
  is_active       INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
  name            TEXT UNIQUE CHECK (name <> ''),     -- rule-<id> when it is not given
  description     TEXT,
  severity        INTEGER CHECK (severity BETWEEN 0 AND 5),
  key             TEXT,
  summary         TEXT,
  doc_url         TEXT,
  tags            TEXT NOT NULL DEFAULT '[]' CHECK (json_type(tags) = 'array'),
  examples        TEXT CHECK (examples IS NULL OR json_type(examples) = 'object'),
  version         INTEGER NOT NULL DEFAULT 1,
  updated_at      TEXT,
  updated_by      TEXT
) STRICT;

CREATE TABLE development_hosts (
  hostname TEXT NOT NULL PRIMARY KEY CHECK (hostname <> '')
) STRICT;
CREATE UNIQUE INDEX development_hosts_key ON development_hosts (lower(hostname));

CREATE TABLE device_teams (
  hostname        TEXT NOT NULL PRIMARY KEY CHECK (hostname <> ''),
  team_assignment TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX device_teams_key ON device_teams (lower(hostname));

CREATE TABLE devices (
  hostname      TEXT NOT NULL PRIMARY KEY CHECK (hostname <> ''),
  addresses     TEXT NOT NULL DEFAULT '[]' CHECK (json_type(addresses) = 'array'),
  first_seen_at TEXT,
  last_seen_at  TEXT,
  attrs         TEXT CHECK (attrs IS NULL OR json_type(attrs) = 'object')
) STRICT;
CREATE UNIQUE INDEX devices_key ON devices (lower(hostname));

-- The id holds the time of arrival, so the primary key is the index on time too.
CREATE TABLE event_audit_log (
  id                INTEGER PRIMARY KEY,
  event_timestamp   TEXT NOT NULL,
  hostname          TEXT,
  matched_rule_id   INTEGER REFERENCES alert_rules (id),
  handling_decision TEXT,
  forwarded_to_moog INTEGER NOT NULL DEFAULT 0 CHECK (forwarded_to_moog IN (0, 1)),
  raw_message       TEXT,
  received_at       TEXT,
  source            TEXT,    -- syslog, trap, internal
  source_addr       TEXT,
  severity          INTEGER, -- of syslog, 0-7
  environment       TEXT,    -- prod, dev
  team_assignment   TEXT,
  device_team       TEXT,
  rule_version      INTEGER,
  parse             TEXT,
  host_from         TEXT,
  clock             TEXT,    -- device, arrival
  attrs             TEXT     -- {"labels": …, "trap": …}
) STRICT;
-- Both end in the id, so a page of a rule or of a host is read in order. No other index: an insert of
-- 8,000 instructions pays 5,800 more for the index on the host, and 200 for the one on the rule where one
-- row in twenty has a rule; handling and text are read by walking back from the newest.
CREATE INDEX event_audit_log_rule ON event_audit_log (matched_rule_id) WHERE matched_rule_id IS NOT NULL;
CREATE INDEX event_audit_log_host ON event_audit_log (hostname COLLATE NOCASE);

CREATE TABLE config_audit_log (
  id             INTEGER PRIMARY KEY AUTOINCREMENT,
  changed_at     TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z'),
  changed_by     TEXT NOT NULL,
  operation      TEXT NOT NULL CHECK (operation IN ('CREATE', 'UPDATE', 'DELETE')),
  table_name     TEXT NOT NULL,
  record_id      INTEGER,
  record_key     TEXT,
  old_values     TEXT,
  new_values     TEXT,
  reason         TEXT,
  correlation_id TEXT
) STRICT;
CREATE INDEX config_audit_log_record ON config_audit_log (table_name, record_id);
CREATE INDEX config_audit_log_time ON config_audit_log (changed_at);
CREATE INDEX config_audit_log_by ON config_audit_log (changed_by);

-- Who is at work: written at the start of a transaction that changes something, removed before its end.
CREATE TABLE config_actor (
  id             INTEGER PRIMARY KEY CHECK (id = 1),
  name           TEXT NOT NULL,
  reason         TEXT,
  correlation_id TEXT
) STRICT;

-- Grows with every change of rules, hosts, teams and devices.
CREATE TABLE config_version (
  id      INTEGER PRIMARY KEY CHECK (id = 1),
  version INTEGER NOT NULL
) STRICT;
INSERT INTO config_version (id, version) VALUES (1, 1);

INSERT INTO schema_migrations (version, name) VALUES (1, 'tables');

COMMIT;
