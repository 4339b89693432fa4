-- The months of the audit: made ahead, filled from the default partition, dropped when they are old. The
-- daemon calls these functions; nothing else has to.
--
-- By hand:  psql -v ON_ERROR_STOP=1 -f 0003_partitions.sql

BEGIN;

-- Makes the partition of the month that holds `month`, with UTC bounds, and moves into it what the
-- default partition holds of that month. True when it was made, false when it was there.
CREATE FUNCTION create_monthly_partition(month date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  first date := date_trunc('month', month)::date;
  begins timestamptz := first::timestamp AT TIME ZONE 'UTC';
  ends timestamptz := (first + interval '1 month')::timestamp AT TIME ZONE 'UTC';
  partition text := 'event_audit_log_' || to_char(first, 'YYYY_MM');
  moving regclass := to_regclass('public.event_audit_log_moving_' || to_char(first, 'YYYY_MM'));
BEGIN
  -- Two daemons that make the same month, or a daemon and a retention, come one after the other.
  PERFORM pg_advisory_xact_lock(hashtextextended('mutt.partitions', 0));
  -- Others may have some of the month already: those whose months end by another clock, or are quarters.
  SELECT coalesce(max(p.upper), begins) INTO begins FROM public.list_monthly_partitions() p
  WHERE (p.lower IS NULL OR p.lower <= begins) AND p.upper > begins;
  SELECT coalesce(min(p.lower), ends) INTO ends FROM public.list_monthly_partitions() p
  WHERE p.lower >= begins AND p.lower < ends;
  IF begins >= ends THEN RETURN false; END IF;
  -- A month gets the foreign key of the audit, for which it needs the rules for itself. Who edits them
  -- may take a while: that is waited for now, while nobody waits for the audit.
  LOCK TABLE public.alert_rules IN SHARE ROW EXCLUSIVE MODE;
  IF to_regclass('public.' || quote_ident(partition)) IS NOT NULL THEN
    IF NOT EXISTS (
      SELECT 1 FROM pg_inherits
      WHERE inhrelid = to_regclass('public.' || quote_ident(partition))
        AND inhparent = 'public.event_audit_log'::regclass)
    THEN
      RAISE EXCEPTION 'the table % is no partition of event_audit_log: rename it', partition
        USING ERRCODE = 'duplicate_table';
    END IF;
    partition := partition || '_rest';
  END IF;
  IF moving IS NULL AND NOT EXISTS (
    SELECT 1 FROM public.event_audit_log_default
    WHERE event_timestamp >= begins AND event_timestamp < ends)
  THEN
    EXECUTE format(
      'CREATE TABLE public.%I PARTITION OF public.event_audit_log FOR VALUES FROM (%L) TO (%L)',
      partition, begins, ends);
    RETURN true;
  END IF;
  -- Rows of the month stand in the default partition: nothing can be attached while they do. Nobody
  -- writes there meanwhile, so that none is added; other months are written and read.
  LOCK TABLE public.event_audit_log_default IN SHARE ROW EXCLUSIVE MODE;
  moving := public.default_rows_table(first);
  EXECUTE format('ALTER TABLE %s RENAME TO %I', moving, partition);
  EXECUTE format(
    'ALTER TABLE public.%I ADD CHECK (event_timestamp >= %L AND event_timestamp < %L)', partition, begins,
    ends);
  EXECUTE format(
    'WITH moved AS (DELETE FROM public.event_audit_log_default
       WHERE event_timestamp >= %L AND event_timestamp < %L RETURNING *)
     INSERT INTO public.%I SELECT * FROM moved ON CONFLICT DO NOTHING', begins, ends, partition);
  EXECUTE format(
    'ALTER TABLE public.event_audit_log ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
    partition, begins, ends);
  RETURN true;
END
$$;

-- The table in which rows of a month gather on their way from the default partition to their own; made
-- when it is not there.
CREATE FUNCTION default_rows_table(first date) RETURNS regclass
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  moving text := 'event_audit_log_moving_' || to_char(first, 'YYYY_MM');
BEGIN
  IF to_regclass('public.' || moving) IS NULL THEN
    EXECUTE format(
      'CREATE TABLE public.%I (LIKE public.event_audit_log
         INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)', moving);
  END IF;
  RETURN to_regclass('public.' || moving);
END
$$;

-- Takes up to `at_most` rows of the month that holds `month` out of the default partition, where many of
-- them would hold up everybody in one transaction, and says how many. They are in no partition until
-- create_monthly_partition(), called when few are left, makes them one.
CREATE FUNCTION move_default_rows(month date, at_most integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  first date := date_trunc('month', month)::date;
  begins timestamptz := first::timestamp AT TIME ZONE 'UTC';
  ends timestamptz := (first + interval '1 month')::timestamp AT TIME ZONE 'UTC';
  moved bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('mutt.partitions', 0));
  EXECUTE format(
    'WITH part AS (SELECT id, event_timestamp FROM public.event_audit_log_default
       WHERE event_timestamp >= %L AND event_timestamp < %L ORDER BY event_timestamp LIMIT %s),
     gone AS (DELETE FROM public.event_audit_log_default d USING part p
       WHERE d.id = p.id AND d.event_timestamp = p.event_timestamp RETURNING d.*),
     kept AS (INSERT INTO %s SELECT * FROM gone ON CONFLICT DO NOTHING)
     SELECT count(*) FROM gone', begins, ends, at_most, public.default_rows_table(first)) INTO moved;
  RETURN moved;
END
$$;

-- The partitions, oldest first, by their bounds whatever they are called; those without an end and the
-- default are not among them. `rows` is the planner's estimate; -1: never analysed.
CREATE FUNCTION list_monthly_partitions()
RETURNS TABLE (partition text, lower timestamptz, upper timestamptz, bytes bigint, rows bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT child.relname::text, bounds.lower, bounds.upper, pg_total_relation_size(child.oid),
    child.reltuples::bigint
  FROM pg_inherits
  JOIN pg_class child ON child.oid = pg_inherits.inhrelid
  CROSS JOIN LATERAL (SELECT pg_get_expr(child.relpartbound, child.oid) AS text) bound
  CROSS JOIN LATERAL (
    SELECT substring(bound.text FROM 'FROM \(''([^'']+)''\)')::timestamptz AS lower,
      substring(bound.text FROM 'TO \(''([^'']+)''\)')::timestamptz AS upper
  ) bounds
  WHERE pg_inherits.inhparent = 'public.event_audit_log'::regclass AND bounds.upper IS NOT NULL
  ORDER BY bounds.upper
$$;

-- What the default partition holds, by month, and the months whose rows are on their way out of it (which
-- are not counted). create_monthly_partition() gives such a month its own partition and moves the rows
-- there.
CREATE FUNCTION list_default_rows() RETURNS TABLE (month date, rows bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT month, sum(rows)::bigint FROM (
    SELECT date_trunc('month', event_timestamp AT TIME ZONE 'UTC')::date AS month, count(*) AS rows
    FROM public.event_audit_log_default GROUP BY 1
    UNION ALL
    SELECT to_date(right(relname, 7), 'YYYY_MM'), 0 FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relname ~ '^event_audit_log_moving_\d{4}_\d\d$'
  ) found GROUP BY 1 ORDER BY 1
$$;

-- Drops the months that ended before `retention_months` months ago, and says which. Never the current
-- one, never a later one, never the default; with `dry_run` nothing at all.
CREATE FUNCTION drop_old_partitions(retention_months integer, dry_run boolean DEFAULT false)
RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
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

-- Who may call them is said by the roles.
REVOKE ALL ON FUNCTION create_monthly_partition(date), drop_old_partitions(integer, boolean),
  list_monthly_partitions(), list_default_rows(), default_rows_table(date),
  move_default_rows(date, integer) FROM PUBLIC;

-- This month and the next, so that the first rows find their place.
SELECT create_monthly_partition((now() AT TIME ZONE 'UTC')::date);
SELECT create_monthly_partition(((now() AT TIME ZONE 'UTC') + interval '1 month')::date);

INSERT INTO schema_migrations (version, name) VALUES (3, 'partitions');

COMMIT;
