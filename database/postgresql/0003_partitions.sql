-- The months of the audit: made ahead, filled from the default partition, dropped when they are old. The
-- daemon calls these functions; nothing else has to.
--
-- By hand:  psql -v ON_ERROR_STOP=1 -f 0003_partitions.sql

BEGIN;

-- Makes the partition of the month that holds `month`, with UTC bounds, and moves into it what the
-- default partition holds of that month. True when it was made, false when it was there.
CREATE FUNCTION create_monthly_partition(month date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  first date := date_trunc('month', month)::date;
  lower timestamptz := first::timestamp AT TIME ZONE 'UTC';
  upper timestamptz := (first + interval '1 month')::timestamp AT TIME ZONE 'UTC';
  partition text := 'event_audit_log_' || to_char(first, 'YYYY_MM');
BEGIN
  -- Two daemons that make the same month, or a daemon and a retention, come one after the other.
  PERFORM pg_advisory_xact_lock(hashtextextended('mutt.partitions', 0));
  IF to_regclass('public.' || quote_ident(partition)) IS NOT NULL THEN RETURN false; END IF;
  IF NOT EXISTS (
    SELECT 1 FROM public.event_audit_log_default
    WHERE event_timestamp >= lower AND event_timestamp < upper)
  THEN
    EXECUTE format(
      'CREATE TABLE public.%I PARTITION OF public.event_audit_log FOR VALUES FROM (%L) TO (%L)',
      partition, lower, upper);
    RETURN true;
  END IF;
  -- Rows of the month stand in the default partition: nothing can be attached while they do. Nobody
  -- writes meanwhile, so that none is added.
  LOCK TABLE public.event_audit_log IN ACCESS EXCLUSIVE MODE;
  EXECUTE format(
    'CREATE TABLE public.%I (LIKE public.event_audit_log INCLUDING DEFAULTS INCLUDING CONSTRAINTS)',
    partition);
  EXECUTE format(
    'WITH moved AS (DELETE FROM public.event_audit_log_default
       WHERE event_timestamp >= %L AND event_timestamp < %L RETURNING *)
     INSERT INTO public.%I SELECT * FROM moved', lower, upper, partition);
  EXECUTE format(
    'ALTER TABLE public.event_audit_log ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
    partition, lower, upper);
  RETURN true;
END
$$;

-- The partitions by month, oldest first. `rows` is the planner's estimate; -1: never analysed.
CREATE FUNCTION list_monthly_partitions()
RETURNS TABLE (partition text, lower timestamptz, upper timestamptz, bytes bigint, rows bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT child.relname::text, month.first::timestamp AT TIME ZONE 'UTC',
    (month.first + interval '1 month')::timestamp AT TIME ZONE 'UTC',
    pg_total_relation_size(child.oid), child.reltuples::bigint
  FROM pg_inherits
  JOIN pg_class child ON child.oid = pg_inherits.inhrelid
  CROSS JOIN LATERAL (
    SELECT to_date(substring(child.relname FROM '^event_audit_log_(\d{4}_\d{2})$'), 'YYYY_MM') AS first
  ) month
  WHERE pg_inherits.inhparent = 'public.event_audit_log'::regclass AND month.first IS NOT NULL
  ORDER BY 1
$$;

-- What the default partition holds, by month. create_monthly_partition() gives such a month its own
-- partition and moves the rows there.
CREATE FUNCTION list_default_rows() RETURNS TABLE (month date, rows bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT date_trunc('month', event_timestamp AT TIME ZONE 'UTC')::date, count(*)
  FROM public.event_audit_log_default GROUP BY 1 ORDER BY 1
$$;

-- Drops the months that ended before `retention_months` months ago, and says which. Never the current
-- one, never a later one, never the default; with `dry_run` nothing at all.
CREATE FUNCTION drop_old_partitions(retention_months integer, dry_run boolean DEFAULT false)
RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  oldest timestamptz;
  old record;
BEGIN
  IF retention_months IS NULL OR retention_months < 1 THEN
    RAISE EXCEPTION 'retention_months must be 1 or more' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('mutt.partitions', 0));
  oldest := ((now() AT TIME ZONE 'UTC') - make_interval(months => retention_months)) AT TIME ZONE 'UTC';
  FOR old IN SELECT * FROM public.list_monthly_partitions() m WHERE m.upper <= oldest LOOP
    IF NOT dry_run THEN EXECUTE format('DROP TABLE public.%I', old.partition); END IF;
    RETURN NEXT old.partition;
  END LOOP;
END
$$;

-- This month and the next, so that the first rows find their place.
SELECT create_monthly_partition((now() AT TIME ZONE 'UTC')::date);
SELECT create_monthly_partition(((now() AT TIME ZONE 'UTC') + interval '1 month')::date);

INSERT INTO schema_migrations (version, name) VALUES (3, 'partitions');

COMMIT;
