/// The SQL of `database/postgresql`, carried in the binary: a test holds both equal. `muttd db migrate`
/// and psql apply the same text.
extension PostgresMigrator {
  static let migrations: [Migrator.Migration] = [
    Migrator.Migration(version: 1, name: "tables", up: tables, down: tablesDown),
    Migrator.Migration(version: 2, name: "config_audit", up: configAudit, down: configAuditDown),
    Migrator.Migration(version: 3, name: "partitions", up: partitions, down: partitionsDown),
    Migrator.Migration(version: 4, name: "roles", up: roles, down: rolesDown),
    Migrator.Migration(version: 5, name: "unmatched", up: unmatched, down: unmatchedDown),
  ]

  static let tables = """
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

    """

  static let tablesDown = """
    -- Removes all tables with all they hold.
    -- By hand:  psql -v ON_ERROR_STOP=1 -f 0001_tables.down.sql

    BEGIN;

    DROP TABLE config_version;
    DROP TABLE config_audit_log;
    DROP TABLE event_audit_log;
    DROP TABLE devices;
    DROP TABLE device_teams;
    DROP TABLE development_hosts;
    DROP TABLE alert_rules;
    DROP TABLE schema_migrations;

    COMMIT;

    """

  static let configAudit = """
    -- Every change of what people maintain is written down and announced by triggers, so an edit in psql
    -- counts like one of the command line. Who made it, and why, travels with the transaction:
    --
    --   BEGIN;
    --   SET LOCAL mutt.actor = 'alice';
    --   SET LOCAL mutt.reason = 'CHG-4711';
    --   SET LOCAL mutt.correlation_id = '…';
    --   UPDATE alert_rules SET priority = 10 WHERE name = 'link-down';
    --   COMMIT;
    --
    -- Without mutt.actor it is the role of the session.
    --
    -- Functions look for names in pg_catalog alone and name the schema of all else, so that nothing that
    -- anybody puts into another schema takes part.
    --
    -- By hand:  psql -v ON_ERROR_STOP=1 -f 0002_config_audit.sql

    BEGIN;

    -- A setting that was made once in a session reads as '' when it is gone.
    CREATE FUNCTION config_setting(name text) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
      SELECT nullif(current_setting('mutt.' || name, true), '')
    $$;

    CREATE FUNCTION config_changed() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      before jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
      after  jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
      subject jsonb;
    BEGIN
      -- When a device was heard, and who stamped a rule, is no change of them.
      before := before - ARRAY['first_seen_at', 'last_seen_at', 'updated_at', 'updated_by'];
      after := after - ARRAY['first_seen_at', 'last_seen_at', 'updated_at', 'updated_by'];
      IF before IS NOT DISTINCT FROM after THEN RETURN NULL; END IF;
      subject := coalesce(after, before);
      INSERT INTO public.config_audit_log
        (changed_by, operation, table_name, record_id, record_key, old_values, new_values, reason,
         correlation_id)
      VALUES (
        left(coalesce(public.config_setting('actor'), session_user), 100),
        CASE TG_OP WHEN 'INSERT' THEN 'CREATE' ELSE TG_OP END, TG_TABLE_NAME,
        CASE WHEN TG_TABLE_NAME = 'alert_rules' THEN (subject ->> 'id')::integer END,
        CASE WHEN TG_TABLE_NAME = 'alert_rules' THEN subject ->> 'name' ELSE subject ->> 'hostname' END,
        before, after, public.config_setting('reason'), left(public.config_setting('correlation_id'), 36));
      UPDATE public.config_version SET version = version + 1;
      -- One notice a transaction, however many rows it changes: PostgreSQL folds equal ones.
      NOTIFY mutt_config;
      RETURN NULL;
    END
    $$;

    -- Of its owner's rights it needs the sequence: whoever gives a rule an id of his own may not set it.
    CREATE FUNCTION alert_rules_stamp() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    DECLARE
      gap bigint;
    BEGIN
      IF TG_OP = 'INSERT' THEN
        -- The sequence follows ids that were given, so that the next one is free. It never goes back, whoever
        -- counts at the same time: short ways by counting, long ones by those who set it one after the other.
        SELECT NEW.id - last_value + (NOT is_called)::integer INTO gap FROM public.alert_rules_id_seq;
        IF gap > 1000 THEN
          PERFORM pg_advisory_xact_lock(hashtextextended('mutt.rule_ids', 0));
          SELECT NEW.id - last_value INTO gap FROM public.alert_rules_id_seq;
          IF gap > 1000 THEN PERFORM setval('public.alert_rules_id_seq', NEW.id); END IF;
        END IF;
        IF gap BETWEEN 1 AND 1000 THEN
          LOOP EXIT WHEN nextval('public.alert_rules_id_seq') >= NEW.id; END LOOP;
        END IF;
        -- Where somebody else has that name: rule-7-2.
        IF NEW.name IS NULL THEN
          SELECT taken.name INTO NEW.name FROM (
            SELECT n, 'rule-' || NEW.id || CASE WHEN n > 1 THEN '-' || n ELSE '' END AS name
            FROM generate_series(1, 1000) n) taken
          WHERE NOT EXISTS (SELECT 1 FROM public.alert_rules r WHERE r.name = taken.name)
          ORDER BY n LIMIT 1;
        END IF;
        NEW.version := coalesce(NEW.version, 1);
      ELSE
        IF NEW.id <> OLD.id OR (NEW.name IS NULL AND OLD.name IS NOT NULL) THEN
          RAISE EXCEPTION 'the id of a rule never changes, and its name cannot be taken away'
            USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        NEW.version := OLD.version;
        NEW.updated_at := OLD.updated_at;
        NEW.updated_by := OLD.updated_by;
        IF NEW IS NOT DISTINCT FROM OLD THEN RETURN NEW; END IF;
        NEW.version := OLD.version + 1;
      END IF;
      NEW.updated_at := now();
      NEW.updated_by := coalesce(public.config_setting('actor'), session_user);
      RETURN NEW;
    END
    $$;

    CREATE FUNCTION alert_rules_keep_history() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      IF EXISTS (SELECT 1 FROM public.event_audit_log WHERE matched_rule_id = OLD.id) THEN
        RAISE EXCEPTION 'rule % has fired and its events point at it: retire it, set is_active = false',
          OLD.name
          USING ERRCODE = 'foreign_key_violation';
      END IF;
      RETURN OLD;
    END
    $$;

    CREATE FUNCTION refuse_change() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END
    $$;

    -- Deliveries stand in the daemon's own files. That people replayed or purged some by hand is written down
    -- like a change: `choice` says which, `counts` how many, by destination.
    CREATE FUNCTION note_outbox_change(purged boolean, choice text, counts jsonb) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      INSERT INTO public.config_audit_log
        (changed_by, operation, table_name, record_key, old_values, new_values, reason, correlation_id)
      VALUES (
        left(coalesce(public.config_setting('actor'), session_user), 100),
        CASE WHEN purged THEN 'DELETE' ELSE 'UPDATE' END, 'outbox', choice,
        CASE WHEN purged THEN counts END, CASE WHEN NOT purged THEN counts END,
        public.config_setting('reason'), left(public.config_setting('correlation_id'), 36))
    $$;

    CREATE TRIGGER alert_rules_stamp BEFORE INSERT OR UPDATE ON alert_rules
      FOR EACH ROW EXECUTE FUNCTION alert_rules_stamp();
    CREATE TRIGGER alert_rules_keep_history BEFORE DELETE ON alert_rules
      FOR EACH ROW EXECUTE FUNCTION alert_rules_keep_history();
    CREATE TRIGGER alert_rules_changed AFTER INSERT OR UPDATE OR DELETE ON alert_rules
      FOR EACH ROW EXECUTE FUNCTION config_changed();
    CREATE TRIGGER development_hosts_changed AFTER INSERT OR UPDATE OR DELETE ON development_hosts
      FOR EACH ROW EXECUTE FUNCTION config_changed();
    CREATE TRIGGER device_teams_changed AFTER INSERT OR UPDATE OR DELETE ON device_teams
      FOR EACH ROW EXECUTE FUNCTION config_changed();
    CREATE TRIGGER devices_changed AFTER INSERT OR DELETE OR UPDATE OF hostname, addresses, attrs ON devices
      FOR EACH ROW EXECUTE FUNCTION config_changed();

    CREATE TRIGGER config_audit_log_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON config_audit_log
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

    -- TRUNCATE says nothing row by row: it would be neither written down nor announced.
    CREATE FUNCTION refuse_truncate() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      RAISE EXCEPTION 'TRUNCATE of % is not audited: use DELETE', TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
    END
    $$;
    CREATE TRIGGER alert_rules_no_truncate BEFORE TRUNCATE ON alert_rules
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate();
    CREATE TRIGGER development_hosts_no_truncate BEFORE TRUNCATE ON development_hosts
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate();
    CREATE TRIGGER device_teams_no_truncate BEFORE TRUNCATE ON device_teams
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate();
    CREATE TRIGGER devices_no_truncate BEFORE TRUNCATE ON devices
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate();

    -- Of an audited event only forwarded_to_moog may change. (Rows go with their partition.)
    CREATE FUNCTION event_audit_log_unchanged() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
    BEGIN
      RAISE EXCEPTION 'of an audited event only forwarded_to_moog may change'
        USING ERRCODE = 'insufficient_privilege';
    END
    $$;
    CREATE TRIGGER event_audit_log_unchanged BEFORE UPDATE OF
      id, event_timestamp, hostname, matched_rule_id, handling_decision, raw_message, received_at, source,
      source_addr, severity, environment, team_assignment, device_team, rule_version, parse, host_from, clock,
      attrs
    ON event_audit_log FOR EACH ROW EXECUTE FUNCTION event_audit_log_unchanged();

    INSERT INTO schema_migrations (version, name) VALUES (2, 'config_audit');

    COMMIT;

    """

  static let configAuditDown = """
    -- Changes are no longer written down. What was written stays.
    -- By hand:  psql -v ON_ERROR_STOP=1 -f 0002_config_audit.down.sql

    BEGIN;

    DROP TRIGGER event_audit_log_unchanged ON event_audit_log;
    DROP TRIGGER devices_no_truncate ON devices;
    DROP TRIGGER device_teams_no_truncate ON device_teams;
    DROP TRIGGER development_hosts_no_truncate ON development_hosts;
    DROP TRIGGER alert_rules_no_truncate ON alert_rules;
    DROP FUNCTION refuse_truncate();
    DROP TRIGGER config_audit_log_kept ON config_audit_log;
    DROP TRIGGER devices_changed ON devices;
    DROP TRIGGER device_teams_changed ON device_teams;
    DROP TRIGGER development_hosts_changed ON development_hosts;
    DROP TRIGGER alert_rules_changed ON alert_rules;
    DROP TRIGGER alert_rules_keep_history ON alert_rules;
    DROP TRIGGER alert_rules_stamp ON alert_rules;
    DROP FUNCTION note_outbox_change(boolean, text, jsonb);
    DROP FUNCTION event_audit_log_unchanged();
    DROP FUNCTION refuse_change();
    DROP FUNCTION alert_rules_keep_history();
    DROP FUNCTION alert_rules_stamp();
    DROP FUNCTION config_changed();
    DROP FUNCTION config_setting(text);
    DELETE FROM schema_migrations WHERE version = 2;

    COMMIT;

    """
}
