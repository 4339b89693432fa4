-- The index on the host comes back; with millions of events that takes some seconds.
-- By hand:  sqlite3 -bail muttd.db < 0003_audit_hosts.down.sql

BEGIN IMMEDIATE;

DROP TABLE event_audit_hosts;
DROP TABLE event_audit_blocks;
CREATE INDEX event_audit_log_host ON event_audit_log (hostname COLLATE NOCASE);

DELETE FROM schema_migrations WHERE version = 3;

COMMIT;
