-- A file has no roles: who may read and write muttd.db is said by its owner and mode, which the daemon
-- sets, and by the directory it lies in. So that a version means the same step here and on a server, this
-- one records itself.
--
-- By hand:  sqlite3 -bail muttd.db < 0004_roles.sql

BEGIN IMMEDIATE;

INSERT INTO schema_migrations (version, name) VALUES (4, 'roles');

COMMIT;
