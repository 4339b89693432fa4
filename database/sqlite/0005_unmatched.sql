-- A server has an index for the pages of unmatched events. Here it would cost every row of them a good
-- part of what the row itself does, and where there are many a page of them is found by walking back from
-- the newest. So that a version means the same step here and on a server, this one records itself.
--
-- By hand:  sqlite3 -bail muttd.db < 0005_unmatched.sql

BEGIN IMMEDIATE;

INSERT INTO schema_migrations (version, name) VALUES (5, 'unmatched');

COMMIT;
