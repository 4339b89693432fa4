-- Takes the grants back. The roles stay: other databases of the cluster may use them.
-- By hand:  psql -v ON_ERROR_STOP=1 -f 0004_roles.down.sql

BEGIN;

REVOKE ALL ON schema_migrations, alert_rules, development_hosts, device_teams, devices, config_version,
  config_audit_log, event_audit_log FROM mutt_daemon, mutt_retention, mutt_people;
REVOKE ALL (forwarded_to_moog) ON event_audit_log FROM mutt_daemon;
REVOKE ALL (first_seen_at, last_seen_at) ON devices FROM mutt_daemon;
REVOKE ALL ON SEQUENCE alert_rules_id_seq, event_audit_log_id_seq FROM mutt_daemon, mutt_people;
REVOKE ALL ON FUNCTION create_monthly_partition(date), drop_old_partitions(integer, boolean, text),
  list_monthly_partitions(), list_default_rows(), copy_default_rows(date, integer),
  note_outbox_change(boolean, text, jsonb) FROM mutt_daemon, mutt_retention, mutt_people;
REVOKE USAGE ON SCHEMA public FROM mutt_daemon, mutt_retention, mutt_people;
GRANT EXECUTE ON FUNCTION config_changed() TO PUBLIC;
DELETE FROM schema_migrations WHERE version = 4;

COMMIT;
