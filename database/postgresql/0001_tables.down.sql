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
