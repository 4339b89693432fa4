-- By hand:  sqlite3 -bail muttd.db < 0004_roles.down.sql

BEGIN IMMEDIATE;

DELETE FROM schema_migrations WHERE version = 4;

COMMIT;
