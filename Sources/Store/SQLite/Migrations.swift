/// The SQL of `database/sqlite`, carried in the binary: a test holds both equal. `muttd db migrate` and the
/// sqlite3 shell apply the same text.
extension Migrator {
  struct Migration: Sendable {
    let version: Int
    let name: String
    let up: String
    let down: String
  }

  static let migrations: [Migration] = [
    Migration(version: 1, name: "tables", up: tables, down: tablesDown),
    Migration(version: 2, name: "config_audit", up: configAudit, down: configAuditDown),
    Migration(version: 3, name: "audit_hosts", up: auditHosts, down: auditHostsDown),
    Migration(version: 4, name: "roles", up: roles, down: rolesDown),
    Migration(version: 5, name: "unmatched", up: unmatched, down: unmatchedDown),
  ]

  private static let tables = """
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

    """

  private static let tablesDown = """
    -- Removes all tables with all they hold.
    -- By hand:  sqlite3 -bail muttd.db < 0001_tables.down.sql

    BEGIN IMMEDIATE;

    DROP TABLE config_version;
    DROP TABLE config_actor;
    DROP TABLE config_audit_log;
    DROP TABLE event_audit_log;
    DROP TABLE devices;
    DROP TABLE device_teams;
    DROP TABLE development_hosts;
    DROP TABLE alert_rules;
    DROP TABLE schema_migrations;

    COMMIT;

    """

  private static let configAudit = """
    -- Every change of what people maintain is written down and announced by triggers, so an edit in the
    -- sqlite3 shell counts like one of the command line. Who made it stands in config_actor; without a row
    -- there: sql.
    --
    -- By hand:  sqlite3 -bail muttd.db < 0002_config_audit.sql

    BEGIN IMMEDIATE;

    CREATE TRIGGER alert_rules_created AFTER INSERT ON alert_rules BEGIN
      UPDATE alert_rules SET
        name = coalesce(NEW.name, 'rule-' || NEW.id),
        updated_at = strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z',
        updated_by = coalesce((SELECT name FROM config_actor), 'sql')
      WHERE id = NEW.id;
      INSERT INTO config_audit_log
        (changed_by, operation, table_name, record_id, record_key, old_values, new_values, reason,
         correlation_id)
      SELECT coalesce((SELECT name FROM config_actor), 'sql'), 'CREATE', 'alert_rules', NEW.id,
        coalesce(NEW.name, 'rule-' || NEW.id),
        NULL,
        json_object(
          'id', NEW.id, 'match_string', NEW.match_string, 'trap_oid', NEW.trap_oid,
          'syslog_severity', NEW.syslog_severity, 'match_type', NEW.match_type, 'priority', NEW.priority,
          'prod_handling', NEW.prod_handling, 'dev_handling', NEW.dev_handling,
          'team_assignment', NEW.team_assignment,
          'is_active', json(CASE NEW.is_active WHEN 1 THEN 'true' ELSE 'false' END),
          'name', coalesce(NEW.name, 'rule-' || NEW.id), 'description', NEW.description,
          'severity', NEW.severity, 'key', NEW.key, 'summary', NEW.summary, 'doc_url', NEW.doc_url,
          'tags', json(NEW.tags), 'examples', json(NEW.examples), 'version', NEW.version),
        (SELECT reason FROM config_actor), (SELECT correlation_id FROM config_actor);
      UPDATE config_version SET version = version + 1;
    END;

    CREATE TRIGGER alert_rules_keep_identity BEFORE UPDATE OF id, name ON alert_rules
    WHEN NEW.id IS NOT OLD.id OR (NEW.name IS NULL AND OLD.name IS NOT NULL) BEGIN
      SELECT RAISE(ABORT, 'the id of a rule never changes, and its name cannot be taken away');
    END;

    CREATE TRIGGER alert_rules_changed AFTER UPDATE OF
      match_string, trap_oid, syslog_severity, match_type, priority, prod_handling, dev_handling,
      team_assignment, is_active, name, description, severity, key, summary, doc_url, tags, examples
    ON alert_rules
    WHEN OLD.name IS NOT NULL AND (
      NEW.match_string IS NOT OLD.match_string OR NEW.trap_oid IS NOT OLD.trap_oid OR NEW.syslog_severity IS
      NOT OLD.syslog_severity OR NEW.match_type IS NOT OLD.match_type OR NEW.priority IS NOT OLD.priority OR
      NEW.prod_handling IS NOT OLD.prod_handling OR NEW.dev_handling IS NOT OLD.dev_handling OR
      NEW.team_assignment IS NOT OLD.team_assignment OR NEW.is_active IS NOT OLD.is_active OR NEW.name IS
      NOT OLD.name OR NEW.description IS NOT OLD.description OR NEW.severity IS NOT OLD.severity OR NEW.key
      IS NOT OLD.key OR NEW.summary IS NOT OLD.summary OR NEW.doc_url IS NOT OLD.doc_url OR NEW.tags IS NOT
      OLD.tags OR NEW.examples IS NOT OLD.examples)
    BEGIN
      UPDATE alert_rules SET
        version = OLD.version + 1,
        updated_at = strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000Z',
        updated_by = coalesce((SELECT name FROM config_actor), 'sql')
      WHERE id = NEW.id;
      INSERT INTO config_audit_log
        (changed_by, operation, table_name, record_id, record_key, old_values, new_values, reason,
         correlation_id)
      SELECT coalesce((SELECT name FROM config_actor), 'sql'), 'UPDATE', 'alert_rules', NEW.id, NEW.name,
        json_object(
          'id', OLD.id, 'match_string', OLD.match_string, 'trap_oid', OLD.trap_oid,
          'syslog_severity', OLD.syslog_severity, 'match_type', OLD.match_type, 'priority', OLD.priority,
          'prod_handling', OLD.prod_handling, 'dev_handling', OLD.dev_handling,
          'team_assignment', OLD.team_assignment,
          'is_active', json(CASE OLD.is_active WHEN 1 THEN 'true' ELSE 'false' END), 'name', OLD.name,
          'description', OLD.description, 'severity', OLD.severity, 'key', OLD.key, 'summary', OLD.summary,
          'doc_url', OLD.doc_url, 'tags', json(OLD.tags), 'examples', json(OLD.examples),
          'version', OLD.version),
        json_object(
          'id', NEW.id, 'match_string', NEW.match_string, 'trap_oid', NEW.trap_oid,
          'syslog_severity', NEW.syslog_severity, 'match_type', NEW.match_type, 'priority', NEW.priority,
          'prod_handling', NEW.prod_handling, 'dev_handling', NEW.dev_handling,
          'team_assignment', NEW.team_assignment,
          'is_active', json(CASE NEW.is_active WHEN 1 THEN 'true' ELSE 'false' END), 'name', NEW.name,
          'description', NEW.description, 'severity', NEW.severity, 'key', NEW.key, 'summary', NEW.summary,
          'doc_url', NEW.doc_url, 'tags', json(NEW.tags), 'examples', json(NEW.examples),
          'version', OLD.version + 1),
        (SELECT reason FROM config_actor), (SELECT correlation_id FROM config_actor);
      UPDATE config_version SET version = version + 1;
    END;

    CREATE TRIGGER alert_rules_keep_history BEFORE DELETE ON alert_rules
    WHEN EXISTS (SELECT 1 FROM event_audit_log WHERE matched_rule_id = OLD.id) BEGIN
      SELECT RAISE(ABORT, 'this rule has fired and its events point at it: retire it, set is_active = 0');
    END;

    CREATE TRIGGER alert_rules_deleted AFTER DELETE ON alert_rules BEGIN
      INSERT INTO config_audit_log
        (changed_by, operation, table_name, record_id, record_key, old_values, new_values, reason,
         correlation_id)
      SELECT coalesce((SELECT name FROM config_actor), 'sql'), 'DELETE', 'alert_rules', OLD.id, OLD.name,
        json_object(
          'id', OLD.id, 'match_string', OLD.match_string, 'trap_oid', OLD.trap_oid,
          'syslog_severity', OLD.syslog_severity, 'match_type', OLD.match_type, 'priority', OLD.priority,
          'prod_handling', OLD.prod_handling, 'dev_handling', OLD.dev_handling,
          'team_assignment', OLD.team_assignment,
          'is_active', json(CASE OLD.is_active WHEN 1 THEN 'true' ELSE 'false' END), 'name', OLD.name,
          'description', OLD.description, 'severity', OLD.severity, 'key', OLD.key, 'summary', OLD.summary,
          'doc_url', OLD.doc_url, 'tags', json(OLD.tags), 'examples', json(OLD.examples),
          'version', OLD.version),
        NULL,
        (SELECT reason FROM config_actor), (SELECT correlation_id FROM config_actor);
      UPDATE config_version SET version = version + 1;
    END;

    CREATE TRIGGER development_hosts_created AFTER INSERT ON development_hosts BEGIN
      INSERT INTO config_audit_log
        (changed_by, operation, table_name, record_id, record_key, old_values, new_values, reason,
         correlation_id)
      SELECT coalesce((SELECT name FROM config_actor), 'sql'), 'CREATE', 'development_hosts', NULL,
        NEW.hostname,
        NULL,
        json_object('hostname', NEW.hostname),
        (SELECT reason FROM config_actor), (SELECT correlation_id FROM config_actor);
      UPDATE config_version SET version = version + 1;
    END;

    CREATE TRIGGER development_hosts_changed AFTER UPDATE OF hostname ON development_hosts
    WHEN NEW.hostname IS NOT OLD.hostname BEGIN
      INSERT INTO config_audit_log
        (changed_by, operation, table_name, record_id, record_key, old_values, new_values, reason,
         correlation_id)
      SELECT coalesce((SELECT name FROM config_actor), 'sql'), 'UPDATE', 'development_hosts', NULL,
        NEW.hostname,
        json_object('hostname', OLD.hostname),
        json_object('hostname', NEW.hostname),
        (SELECT reason FROM config_actor), (SELECT correlation_id FROM config_actor);
      UPDATE config_version SET version = version + 1;
    END;

    CREATE TRIGGER development_hosts_deleted AFTER DELETE ON development_hosts BEGIN
      INSERT INTO config_audit_log
        (changed_by, operation, table_name, record_id, record_key, old_values, new_values, reason,
         correlation_id)
      SELECT coalesce((SELECT name FROM config_actor), 'sql'), 'DELETE', 'development_hosts', NULL,
        OLD.hostname,
        json_object('hostname', OLD.hostname),
        NULL,
        (SELECT reason FROM config_actor), (SELECT correlation_id FROM config_actor);
      UPDATE config_version SET version = version + 1;
    END;

    CREATE TRIGGER device_teams_created AFTER INSERT ON device_teams BEGIN
      INSERT INTO config_audit_log
        (changed_by, operation, table_name, record_id, record_key, old_values, new_values, reason,
         correlation_id)
      SELECT coalesce((SELECT name FROM config_actor), 'sql'), 'CREATE', 'device_teams', NULL, NEW.hostname,
        NULL,
        json_object('hostname', NEW.hostname, 'team_assignment', NEW.team_assignment),
        (SELECT reason FROM config_actor), (SELECT correlation_id FROM config_actor);
      UPDATE config_version SET version = version + 1;
    END;

    CREATE TRIGGER device_teams_changed AFTER UPDATE OF hostname, team_assignment ON device_teams
    WHEN NEW.hostname IS NOT OLD.hostname OR NEW.team_assignment IS NOT OLD.team_assignment BEGIN
      INSERT INTO config_audit_log
        (changed_by, operation, table_name, record_id, record_key, old_values, new_values, reason,
         correlation_id)
      SELECT coalesce((SELECT name FROM config_actor), 'sql'), 'UPDATE', 'device_teams', NULL, NEW.hostname,
        json_object('hostname', OLD.hostname, 'team_assignment', OLD.team_assignment),
        json_object('hostname', NEW.hostname, 'team_assignment', NEW.team_assignment),
        (SELECT reason FROM config_actor), (SELECT correlation_id FROM config_actor);
      UPDATE config_version SET version = version + 1;
    END;

    CREATE TRIGGER device_teams_deleted AFTER DELETE ON device_teams BEGIN
      INSERT INTO config_audit_log
        (changed_by, operation, table_name, record_id, record_key, old_values, new_values, reason,
         correlation_id)
      SELECT coalesce((SELECT name FROM config_actor), 'sql'), 'DELETE', 'device_teams', NULL, OLD.hostname,
        json_object('hostname', OLD.hostname, 'team_assignment', OLD.team_assignment),
        NULL,
        (SELECT reason FROM config_actor), (SELECT correlation_id FROM config_actor);
      UPDATE config_version SET version = version + 1;
    END;

    -- When a device was seen is no change of it.
    CREATE TRIGGER devices_created AFTER INSERT ON devices BEGIN
      INSERT INTO config_audit_log
        (changed_by, operation, table_name, record_id, record_key, old_values, new_values, reason,
         correlation_id)
      SELECT coalesce((SELECT name FROM config_actor), 'sql'), 'CREATE', 'devices', NULL, NEW.hostname,
        NULL,
        json_object('hostname', NEW.hostname, 'addresses', json(NEW.addresses), 'attrs', json(NEW.attrs)),
        (SELECT reason FROM config_actor), (SELECT correlation_id FROM config_actor);
      UPDATE config_version SET version = version + 1;
    END;

    CREATE TRIGGER devices_changed AFTER UPDATE OF hostname, addresses, attrs ON devices
    WHEN NEW.hostname IS NOT OLD.hostname OR NEW.addresses IS NOT OLD.addresses
      OR NEW.attrs IS NOT OLD.attrs BEGIN
      INSERT INTO config_audit_log
        (changed_by, operation, table_name, record_id, record_key, old_values, new_values, reason,
         correlation_id)
      SELECT coalesce((SELECT name FROM config_actor), 'sql'), 'UPDATE', 'devices', NULL, NEW.hostname,
        json_object('hostname', OLD.hostname, 'addresses', json(OLD.addresses), 'attrs', json(OLD.attrs)),
        json_object('hostname', NEW.hostname, 'addresses', json(NEW.addresses), 'attrs', json(NEW.attrs)),
        (SELECT reason FROM config_actor), (SELECT correlation_id FROM config_actor);
      UPDATE config_version SET version = version + 1;
    END;

    CREATE TRIGGER devices_deleted AFTER DELETE ON devices BEGIN
      INSERT INTO config_audit_log
        (changed_by, operation, table_name, record_id, record_key, old_values, new_values, reason,
         correlation_id)
      SELECT coalesce((SELECT name FROM config_actor), 'sql'), 'DELETE', 'devices', NULL, OLD.hostname,
        json_object('hostname', OLD.hostname, 'addresses', json(OLD.addresses), 'attrs', json(OLD.attrs)),
        NULL,
        (SELECT reason FROM config_actor), (SELECT correlation_id FROM config_actor);
      UPDATE config_version SET version = version + 1;
    END;

    CREATE TRIGGER config_audit_log_unchanged BEFORE UPDATE ON config_audit_log BEGIN
      SELECT RAISE(ABORT, 'config_audit_log is append-only');
    END;

    CREATE TRIGGER config_audit_log_kept BEFORE DELETE ON config_audit_log BEGIN
      SELECT RAISE(ABORT, 'config_audit_log is append-only');
    END;

    CREATE TRIGGER event_audit_log_unchanged BEFORE UPDATE OF
      id, event_timestamp, hostname, matched_rule_id, handling_decision, raw_message, received_at, source,
      source_addr, severity, environment, team_assignment, device_team, rule_version, parse, host_from,
      clock, attrs
    ON event_audit_log BEGIN
      SELECT RAISE(ABORT, 'of an audited event only forwarded_to_moog may change');
    END;

    INSERT INTO schema_migrations (version, name) VALUES (2, 'config_audit');

    COMMIT;

    """

  private static let configAuditDown = """
    -- Changes are no longer written down nor noticed; what was written down stays.
    -- By hand:  sqlite3 -bail muttd.db < 0002_config_audit.down.sql

    BEGIN IMMEDIATE;

    DROP TRIGGER alert_rules_created;
    DROP TRIGGER alert_rules_keep_identity;
    DROP TRIGGER alert_rules_changed;
    DROP TRIGGER alert_rules_keep_history;
    DROP TRIGGER alert_rules_deleted;
    DROP TRIGGER development_hosts_created;
    DROP TRIGGER development_hosts_changed;
    DROP TRIGGER development_hosts_deleted;
    DROP TRIGGER device_teams_created;
    DROP TRIGGER device_teams_changed;
    DROP TRIGGER device_teams_deleted;
    DROP TRIGGER devices_created;
    DROP TRIGGER devices_changed;
    DROP TRIGGER devices_deleted;
    DROP TRIGGER config_audit_log_unchanged;
    DROP TRIGGER config_audit_log_kept;
    DROP TRIGGER event_audit_log_unchanged;

    DELETE FROM schema_migrations WHERE version = 2;

    COMMIT;

    """
}
