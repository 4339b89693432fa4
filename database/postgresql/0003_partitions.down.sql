-- The functions go; the partitions and their rows stay.
-- By hand:  psql -v ON_ERROR_STOP=1 -f 0003_partitions.down.sql

BEGIN;

DROP FUNCTION drop_old_partitions(integer, boolean, text);
DROP FUNCTION list_default_rows();
DROP FUNCTION list_monthly_partitions();
DROP FUNCTION create_monthly_partition(date);
DROP FUNCTION copy_default_rows(date, integer);
DROP FUNCTION default_rows_copy(timestamptz, timestamptz);
DROP FUNCTION make_month_table(text, timestamptz, timestamptz);
DROP FUNCTION audit_columns();
DROP FUNCTION month_gaps(date);
DROP FUNCTION audit_partitions();
DELETE FROM schema_migrations WHERE version = 3;

COMMIT;
