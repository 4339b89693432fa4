-- The functions go; the partitions and their rows stay.
-- By hand:  psql -v ON_ERROR_STOP=1 -f 0003_partitions.down.sql

BEGIN;

DROP FUNCTION drop_old_partitions(integer, boolean);
DROP FUNCTION list_default_rows();
DROP FUNCTION list_monthly_partitions();
DROP FUNCTION create_monthly_partition(date);
DROP FUNCTION move_default_rows(date, integer);
DROP FUNCTION default_rows_table(date);
DELETE FROM schema_migrations WHERE version = 3;

COMMIT;
