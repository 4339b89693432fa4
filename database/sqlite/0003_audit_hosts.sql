-- Which rows a host has is written down late: for a block of some 16,000 events at a time, at the end of
-- two small tables, instead of row by row at random places of a large index, which cost more than the
-- rows themselves. Events above the last block have no entry yet and are read one by one.
--
-- By hand:  sqlite3 -bail muttd.db < 0003_audit_hosts.sql

BEGIN IMMEDIATE;

DROP INDEX IF EXISTS event_audit_log_host;

-- A block holds every event above the last id of all earlier blocks, up to its own last id; or events
-- that came late, below it. It may name events that are gone.
CREATE TABLE event_audit_blocks (
  block    INTEGER PRIMARY KEY,
  first_id INTEGER NOT NULL,
  last_id  INTEGER NOT NULL,
  bits     INTEGER NOT NULL CHECK (bits BETWEEN 0 AND 8)  -- hosts are spread over 2^bits parts
) STRICT;
CREATE INDEX event_audit_blocks_last ON event_audit_blocks (last_id);

-- 12 bytes an event: a hash of the host in lower case, 4 bytes, and the id, 8 bytes, both little endian.
-- The part is the hash's upper bits.
CREATE TABLE event_audit_hosts (
  part   INTEGER PRIMARY KEY,  -- block * 256 + part
  events BLOB NOT NULL
) STRICT;

INSERT INTO schema_migrations (version, name) VALUES (3, 'audit_hosts');

COMMIT;
