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
