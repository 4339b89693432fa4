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
