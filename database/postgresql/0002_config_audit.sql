-- Every change of what people maintain is written down and announced by triggers, so an edit in psql
-- counts like one of the command line. Who made it, and why, travels with the transaction:
--
--   BEGIN;
--   SET LOCAL mutt.actor = 'alice';
--   SET LOCAL mutt.reason = 'CHG-4711';
--   SET LOCAL mutt.correlation_id = '…';
--   UPDATE alert_rules SET priority = 10 WHERE name = 'link-down';
--   COMMIT;
--
-- Without mutt.actor it is the role of the session.
--
-- Functions look for names in pg_catalog alone and name the schema of all else, so that nothing that
-- anybody puts into another schema takes part.
--
-- By hand:  psql -v ON_ERROR_STOP=1 -f 0002_config_audit.sql

BEGIN;

-- A setting that was made once in a session reads as '' when it is gone.
CREATE FUNCTION config_setting(name text) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT nullif(current_setting('mutt.' || name, true), '')
$$;

CREATE FUNCTION config_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  before jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
  after  jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
  subject jsonb;
BEGIN
  -- When a device was heard, and who stamped a rule, is no change of them.
  before := before - ARRAY['first_seen_at', 'last_seen_at', 'updated_at', 'updated_by'];
  after := after - ARRAY['first_seen_at', 'last_seen_at', 'updated_at', 'updated_by'];
  IF before IS NOT DISTINCT FROM after THEN RETURN NULL; END IF;
  subject := coalesce(after, before);
  INSERT INTO public.config_audit_log
    (changed_by, operation, table_name, record_id, record_key, old_values, new_values, reason,
     correlation_id)
  VALUES (
    left(coalesce(public.config_setting('actor'), session_user), 100),
    CASE TG_OP WHEN 'INSERT' THEN 'CREATE' ELSE TG_OP END, TG_TABLE_NAME,
    CASE WHEN TG_TABLE_NAME = 'alert_rules' THEN (subject ->> 'id')::integer END,
    CASE WHEN TG_TABLE_NAME = 'alert_rules' THEN subject ->> 'name' ELSE subject ->> 'hostname' END,
    before, after, public.config_setting('reason'), left(public.config_setting('correlation_id'), 36));
  UPDATE public.config_version SET version = version + 1;
  -- One notice a transaction, however many rows it changes: PostgreSQL folds equal ones.
  NOTIFY mutt_config;
  RETURN NULL;
END
$$;

-- Of its owner's rights it needs the sequence: whoever gives a rule an id of his own may not set it.
CREATE FUNCTION alert_rules_stamp() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  gap bigint;
BEGIN
  IF TG_OP = 'INSERT' THEN
    -- The sequence follows ids that were given, so that the next one is free. It never goes back, whoever
    -- counts at the same time: short ways by counting, long ones by those who set it one after the other.
    SELECT NEW.id - last_value + (NOT is_called)::integer INTO gap FROM public.alert_rules_id_seq;
    IF gap > 1000 THEN
      PERFORM pg_advisory_xact_lock(hashtextextended('mutt.rule_ids', 0));
      SELECT NEW.id - last_value INTO gap FROM public.alert_rules_id_seq;
      IF gap > 1000 THEN PERFORM setval('public.alert_rules_id_seq', NEW.id); END IF;
    END IF;
    IF gap BETWEEN 1 AND 1000 THEN
      LOOP EXIT WHEN nextval('public.alert_rules_id_seq') >= NEW.id; END LOOP;
    END IF;
    -- Where somebody else has that name: rule-7-2.
    IF NEW.name IS NULL THEN
      SELECT taken.name INTO NEW.name FROM (
        SELECT n, 'rule-' || NEW.id || CASE WHEN n > 1 THEN '-' || n ELSE '' END AS name
        FROM generate_series(1, 1000) n) taken
      WHERE NOT EXISTS (SELECT 1 FROM public.alert_rules r WHERE r.name = taken.name)
      ORDER BY n LIMIT 1;
    END IF;
    NEW.version := coalesce(NEW.version, 1);
  ELSE
    IF NEW.id <> OLD.id OR (NEW.name IS NULL AND OLD.name IS NOT NULL) THEN
      RAISE EXCEPTION 'the id of a rule never changes, and its name cannot be taken away'
        USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    NEW.version := OLD.version;
    NEW.updated_at := OLD.updated_at;
    NEW.updated_by := OLD.updated_by;
    IF NEW IS NOT DISTINCT FROM OLD THEN RETURN NEW; END IF;
    NEW.version := OLD.version + 1;
  END IF;
  NEW.updated_at := now();
  NEW.updated_by := coalesce(public.config_setting('actor'), session_user);
  RETURN NEW;
END
$$;

CREATE FUNCTION alert_rules_keep_history() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM public.event_audit_log WHERE matched_rule_id = OLD.id) THEN
    RAISE EXCEPTION 'rule % has fired and its events point at it: retire it, set is_active = false',
      OLD.name
      USING ERRCODE = 'foreign_key_violation';
  END IF;
  RETURN OLD;
END
$$;

CREATE FUNCTION refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;

-- Deliveries stand in the daemon's own files. That people replayed or purged some by hand is written down
-- like a change: `choice` says which, `counts` how many, by destination.
CREATE FUNCTION note_outbox_change(purged boolean, choice text, counts jsonb) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO public.config_audit_log
    (changed_by, operation, table_name, record_key, old_values, new_values, reason, correlation_id)
  VALUES (
    left(coalesce(public.config_setting('actor'), session_user), 100),
    CASE WHEN purged THEN 'DELETE' ELSE 'UPDATE' END, 'outbox', choice,
    CASE WHEN purged THEN counts END, CASE WHEN NOT purged THEN counts END,
    public.config_setting('reason'), left(public.config_setting('correlation_id'), 36))
$$;

CREATE TRIGGER alert_rules_stamp BEFORE INSERT OR UPDATE ON alert_rules
  FOR EACH ROW EXECUTE FUNCTION alert_rules_stamp();
CREATE TRIGGER alert_rules_keep_history BEFORE DELETE ON alert_rules
  FOR EACH ROW EXECUTE FUNCTION alert_rules_keep_history();
CREATE TRIGGER alert_rules_changed AFTER INSERT OR UPDATE OR DELETE ON alert_rules
  FOR EACH ROW EXECUTE FUNCTION config_changed();
CREATE TRIGGER development_hosts_changed AFTER INSERT OR UPDATE OR DELETE ON development_hosts
  FOR EACH ROW EXECUTE FUNCTION config_changed();
CREATE TRIGGER device_teams_changed AFTER INSERT OR UPDATE OR DELETE ON device_teams
  FOR EACH ROW EXECUTE FUNCTION config_changed();
CREATE TRIGGER devices_changed AFTER INSERT OR DELETE OR UPDATE OF hostname, addresses, attrs ON devices
  FOR EACH ROW EXECUTE FUNCTION config_changed();

CREATE TRIGGER config_audit_log_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON config_audit_log
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- TRUNCATE says nothing row by row: it would be neither written down nor announced.
CREATE FUNCTION refuse_truncate() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'TRUNCATE of % is not audited: use DELETE', TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER alert_rules_no_truncate BEFORE TRUNCATE ON alert_rules
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate();
CREATE TRIGGER development_hosts_no_truncate BEFORE TRUNCATE ON development_hosts
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate();
CREATE TRIGGER device_teams_no_truncate BEFORE TRUNCATE ON device_teams
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate();
CREATE TRIGGER devices_no_truncate BEFORE TRUNCATE ON devices
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate();

-- Of an audited event only forwarded_to_moog may change. (Rows go with their partition.)
CREATE FUNCTION event_audit_log_unchanged() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'of an audited event only forwarded_to_moog may change'
    USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER event_audit_log_unchanged BEFORE UPDATE OF
  id, event_timestamp, hostname, matched_rule_id, handling_decision, raw_message, received_at, source,
  source_addr, severity, environment, team_assignment, device_team, rule_version, parse, host_from, clock,
  attrs
ON event_audit_log FOR EACH ROW EXECUTE FUNCTION event_audit_log_unchanged();

INSERT INTO schema_migrations (version, name) VALUES (2, 'config_audit');

COMMIT;
