-- By hand:  sqlite3 -bail muttd.db < 0005_unmatched.down.sql

BEGIN IMMEDIATE;

DELETE FROM schema_migrations WHERE version = 5;

COMMIT;
