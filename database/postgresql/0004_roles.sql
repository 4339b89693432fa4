-- Who may do what. Three roles without login, to be granted to those who have one:
--
--   mutt_daemon     the daemon: reads what people maintain, inserts audit rows, marks them delivered
--   mutt_retention  drops old months, and nothing else: for the daemon too, where it is to do that
--   mutt_people     reads everything, edits rules and hosts
--
--   CREATE ROLE muttd LOGIN PASSWORD '…' IN ROLE mutt_daemon, mutt_retention;
--
-- Roles belong to the whole cluster: those that exist are taken as they are, and a down leaves them.
-- Needs CREATEROLE, or the roles made beforehand by somebody who has it.
--
-- By hand:  psql -v ON_ERROR_STOP=1 -f 0004_roles.sql

BEGIN;

DO $$
DECLARE
  wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['mutt_daemon', 'mutt_retention', 'mutt_people'] LOOP
    BEGIN
      IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = wanted) THEN
        EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
      END IF;
    EXCEPTION
      -- Another database of the cluster is being migrated at the same time.
      WHEN duplicate_object OR unique_violation THEN NULL;
    END;
  END LOOP;
END
$$;

REVOKE ALL ON FUNCTION audit_partitions(), month_gaps(date), audit_columns(),
  make_month_table(text, timestamptz, timestamptz), default_rows_copy(timestamptz, timestamptz),
  copy_default_rows(date, integer), create_monthly_partition(date), list_monthly_partitions(),
  list_default_rows(), drop_old_partitions(integer, boolean, text), config_changed(),
  note_outbox_change(boolean, text, jsonb) FROM PUBLIC;

-- Where the schema was closed to everybody, they come in all the same.
GRANT USAGE ON SCHEMA public TO mutt_daemon, mutt_retention, mutt_people;

-- The daemon never changes or deletes an audited event, and touches what people maintain only where
-- rules.file or the command line tell it to. Rules are retired, never deleted.
GRANT SELECT ON schema_migrations, alert_rules, development_hosts, device_teams, devices, config_version,
  config_audit_log, event_audit_log TO mutt_daemon;
GRANT INSERT ON event_audit_log TO mutt_daemon;
GRANT UPDATE (forwarded_to_moog) ON event_audit_log TO mutt_daemon;
GRANT UPDATE (first_seen_at, last_seen_at) ON devices TO mutt_daemon;
GRANT INSERT, UPDATE ON alert_rules TO mutt_daemon;
GRANT INSERT, UPDATE, DELETE ON development_hosts, device_teams, devices TO mutt_daemon;
GRANT USAGE ON SEQUENCE alert_rules_id_seq, event_audit_log_id_seq TO mutt_daemon;
GRANT EXECUTE ON FUNCTION create_monthly_partition(date), list_monthly_partitions(),
  list_default_rows(), copy_default_rows(date, integer), note_outbox_change(boolean, text, jsonb)
  TO mutt_daemon;

GRANT EXECUTE ON FUNCTION drop_old_partitions(integer, boolean, text), list_monthly_partitions(),
  list_default_rows() TO mutt_retention;
GRANT SELECT ON schema_migrations TO mutt_retention;

-- By name: other tables may stand beside ours.
GRANT SELECT ON schema_migrations, alert_rules, development_hosts, device_teams, devices, config_version,
  config_audit_log, event_audit_log TO mutt_people;
GRANT INSERT, UPDATE, DELETE ON alert_rules, development_hosts, device_teams, devices TO mutt_people;
GRANT USAGE ON SEQUENCE alert_rules_id_seq TO mutt_people;
GRANT EXECUTE ON FUNCTION list_monthly_partitions(), list_default_rows(),
  note_outbox_change(boolean, text, jsonb) TO mutt_people;

INSERT INTO schema_migrations (version, name) VALUES (4, 'roles');

COMMIT;
