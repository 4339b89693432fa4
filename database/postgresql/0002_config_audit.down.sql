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
