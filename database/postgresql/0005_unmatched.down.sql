-- By hand:  psql -v ON_ERROR_STOP=1 -f 0005_unmatched.down.sql

BEGIN;

DROP INDEX event_audit_log_unmatched;
DELETE FROM schema_migrations WHERE version = 5;

COMMIT;
