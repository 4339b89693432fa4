-- Takes the grants back. The roles stay: other databases of the cluster may use them.
-- By hand:  psql -v ON_ERROR_STOP=1 -f 0004_roles.down.sql

BEGIN;

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM mutt_daemon, mutt_retention, mutt_people;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM mutt_daemon, mutt_retention, mutt_people;
REVOKE ALL ON FUNCTION create_monthly_partition(date), drop_old_partitions(integer, boolean),
  list_monthly_partitions(), list_default_rows(), note_outbox_change(boolean, text, jsonb)
  FROM mutt_daemon, mutt_retention, mutt_people;
GRANT EXECUTE ON FUNCTION config_changed() TO PUBLIC;
DELETE FROM schema_migrations WHERE version = 4;

COMMIT;
