-- The months of the audit: made ahead, filled from the default partition, dropped when they are old. The
-- daemon calls these functions; nothing else has to.
--
-- Names are looked for in pg_catalog alone, and times are written and read in one way, whoever calls.
--
-- By hand:  psql -v ON_ERROR_STOP=1 -f 0003_partitions.sql

BEGIN;

-- What partitions there are beside the default, with their bounds; NULL: without end. What is not in
-- public has its schema in front.
CREATE FUNCTION audit_partitions()
RETURNS TABLE (part regclass, name text, lower timestamptz, upper timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET datestyle = ISO SET timezone = 'UTC' AS $$
  SELECT c.oid::regclass, CASE WHEN n.nspname = 'public' THEN '' ELSE n.nspname || '.' END || c.relname,
    substring(bound.text FROM 'FROM \(''([^'']+)''\)')::timestamptz,
    substring(bound.text FROM 'TO \(''([^'']+)''\)')::timestamptz
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  CROSS JOIN LATERAL (SELECT pg_get_expr(c.relpartbound, c.oid) AS text) bound
  WHERE i.inhparent = 'public.event_audit_log'::regclass AND bound.text <> 'DEFAULT'
$$;

-- What of the month that holds `month` has no partition: usually all of it or nothing, but others may
-- have made partitions whose months end by another clock, or weeks.
CREATE FUNCTION month_gaps(month date) RETURNS TABLE (lower timestamptz, upper timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET datestyle = ISO SET timezone = 'UTC' AS $$
  SELECT lower(gap), upper(gap) FROM unnest(
    tstzmultirange(tstzrange(
      date_trunc('month', month::timestamp) AT TIME ZONE 'UTC',
      (date_trunc('month', month::timestamp) + interval '1 month') AT TIME ZONE 'UTC'))
    - coalesce(
      (SELECT range_agg(tstzrange(p.lower, p.upper)) FROM public.audit_partitions() p), '{}')) gap
  ORDER BY 1
$$;

-- The columns of the audit by name, since partitions that others made may have them in another order.
CREATE FUNCTION audit_columns() RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
  WHERE attrelid = 'public.event_audit_log'::regclass AND attnum > 0 AND NOT attisdropped
    AND attgenerated = ''
$$;

-- A table like the audit that takes what lies between `begins` and `ends`; the bounds are held by a check
-- that goes when it is attached. The foreign key comes then too: one that is there would be merged, for
-- which nobody may use the rules.
CREATE FUNCTION make_month_table(name text, begins timestamptz, ends timestamptz) RETURNS regclass
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET datestyle = ISO SET timezone = 'UTC' AS $$
BEGIN
  EXECUTE format(
    'CREATE TABLE public.%I (LIKE public.event_audit_log
       INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING CONSTRAINTS INCLUDING INDEXES INCLUDING STORAGE,
       CONSTRAINT mutt_month_bounds CHECK (event_timestamp >= %L AND event_timestamp < %L))',
    name, begins, ends);
  RETURN to_regclass('public.' || quote_ident(name));
END
$$;

-- The table in which rows of a gap are gathered before it becomes their partition; NULL: there is none
-- yet.
CREATE FUNCTION default_rows_copy(begins timestamptz, ends timestamptz, OUT name text, OUT copy regclass)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET datestyle = ISO SET timezone = 'UTC' AS $$
BEGIN
  name := 'event_audit_log_copy_' || to_char(begins, 'YYYYMMDD_HH24MISS') || '_'
    || to_char(ends, 'YYYYMMDD_HH24MISS');
  copy := to_regclass('public.' || quote_ident(name));
  IF EXISTS (
    SELECT 1 FROM pg_class
    WHERE oid = copy
      AND (relowner <> quote_ident(current_user)::regrole OR relkind <> 'r' OR relispartition))
  THEN
    RAISE EXCEPTION '% is not the table that muttd makes under this name: rename it', name
      USING ERRCODE = 'duplicate_table';
  END IF;
END
$$;

-- Copies up to `at_most` rows of the month that holds `month` from the default partition to the table
-- that will be their partition, and says how many. Many rows in one transaction would hold up everybody;
-- copied in parts before, they are but compared in the last. They stay where they are, and are found
-- there, until create_monthly_partition() is called.
CREATE FUNCTION copy_default_rows(month date, at_most integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET datestyle = ISO SET timezone = 'UTC' AS $$
DECLARE
  gap record;
  target record;
  copied bigint;
  last record;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('mutt.partitions', 0));
  FOR gap IN SELECT * FROM public.month_gaps(month) LOOP
    CONTINUE WHEN NOT EXISTS (
      SELECT 1 FROM public.event_audit_log_default
      WHERE event_timestamp >= gap.lower AND event_timestamp < gap.upper);
    target := public.default_rows_copy(gap.lower, gap.upper);
    IF target.copy IS NULL THEN
      target.copy := public.make_month_table(target.name, gap.lower, gap.upper);
    END IF;
    EXECUTE format(
      'SELECT event_timestamp AS time, id FROM %s ORDER BY event_timestamp DESC, id DESC LIMIT 1',
      target.copy) INTO last;
    -- What comes in behind the last one copied is found when all are compared.
    EXECUTE format(
      'INSERT INTO %1$s (%2$s) SELECT %2$s FROM public.event_audit_log_default
       WHERE event_timestamp >= %3$L AND event_timestamp < %4$L
         AND (event_timestamp, id) > (%5$L::timestamptz, %6$L::bigint)
       ORDER BY event_timestamp, id LIMIT %7$L',
      target.copy, public.audit_columns(), coalesce(last.time, gap.lower), gap.upper,
      coalesce(last.time, '-infinity'), coalesce(last.id, 0), at_most);
    GET DIAGNOSTICS copied = ROW_COUNT;
    IF copied > 0 THEN RETURN copied; END IF;
  END LOOP;
  RETURN 0;
END
$$;

-- Makes what the month that holds `month` lacks of partitions, with UTC bounds, and moves into them what
-- the default partition holds of that month. True when one was made, false when nothing was missing.
--
-- They are made as tables and attached: who writes other months is not held up. As long as there are rows
-- in the default partition, it is read through while nobody else may.
CREATE FUNCTION create_monthly_partition(month date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET datestyle = ISO SET timezone = 'UTC' AS $$
DECLARE
  first timestamp := date_trunc('month', month::timestamp);
  gap record;
  target record;
  place text;
  suffix integer;
  moved bigint;
  left_over regclass;
  made boolean := false;
BEGIN
  -- Two daemons that make the same month, or a daemon and a retention, come one after the other.
  PERFORM pg_advisory_xact_lock(hashtextextended('mutt.partitions', 0));
  FOR gap IN SELECT * FROM public.month_gaps(month) LOOP
    -- A month gets the foreign key of the audit, for which it needs the rules for itself. Who edits them
    -- may take a while: that is waited for now, while nobody waits for the audit.
    LOCK TABLE public.alert_rules IN SHARE ROW EXCLUSIVE MODE;
    place := 'event_audit_log_' || to_char(first, 'YYYY_MM');
    suffix := 0;
    WHILE to_regclass('public.' || quote_ident(place)) IS NOT NULL LOOP
      suffix := suffix + 1;
      place := 'event_audit_log_' || to_char(first, 'YYYY_MM') || '_rest'
        || CASE WHEN suffix > 1 THEN suffix::text ELSE '' END;
    END LOOP;
    target := public.default_rows_copy(gap.lower, gap.upper);
    IF target.copy IS NULL THEN
      target.copy := public.make_month_table(place, gap.lower, gap.upper);
    ELSE
      EXECUTE format('ALTER TABLE %s RENAME TO %I', target.copy, place);
    END IF;
    -- Nobody writes into the default partition from here on, so that no row is added; it is read, and
    -- other months are written.
    LOCK TABLE public.event_audit_log_default IN SHARE ROW EXCLUSIVE MODE;
    -- What was copied before and has changed or gone since, then what is missing.
    EXECUTE format(
      'DELETE FROM %s c WHERE NOT EXISTS (
         SELECT 1 FROM public.event_audit_log_default d WHERE d.id = c.id
           AND d.event_timestamp = c.event_timestamp AND d.forwarded_to_moog = c.forwarded_to_moog)',
      target.copy);
    EXECUTE format(
      'INSERT INTO %1$s (%2$s) SELECT %2$s FROM public.event_audit_log_default d
       WHERE event_timestamp >= %3$L AND event_timestamp < %4$L AND NOT EXISTS (
         SELECT 1 FROM %1$s c WHERE c.id = d.id AND c.event_timestamp = d.event_timestamp)',
      target.copy, public.audit_columns(), gap.lower, gap.upper);
    DELETE FROM public.event_audit_log_default
      WHERE event_timestamp >= gap.lower AND event_timestamp < gap.upper;
    GET DIAGNOSTICS moved = ROW_COUNT;
    EXECUTE format('SELECT count(*) = %s FROM %s', moved, target.copy) INTO made;
    IF NOT made THEN
      RAISE EXCEPTION 'not every row of % was copied out of the default partition',
        to_char(first, 'YYYY-MM');
    END IF;
    EXECUTE format(
      'ALTER TABLE public.event_audit_log ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
      place, gap.lower, gap.upper);
    EXECUTE format('ALTER TABLE public.%I DROP CONSTRAINT mutt_month_bounds', place);
    made := true;
  END LOOP;
  -- Copies for what has become part of another partition since: the rows are there.
  FOR left_over IN
    SELECT oid FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relowner = quote_ident(current_user)::regrole
      AND relkind = 'r' AND NOT relispartition
      AND starts_with(relname, 'event_audit_log_copy_' || to_char(first, 'YYYYMM'))
  LOOP
    EXECUTE format('DROP TABLE %s', left_over);
  END LOOP;
  RETURN made;
END
$$;

-- The partitions, oldest first, by their bounds whatever they are called; those without an end and the
-- default are not among them. `rows` is the planner's estimate; -1: never analysed.
CREATE FUNCTION list_monthly_partitions()
RETURNS TABLE (partition text, lower timestamptz, upper timestamptz, bytes bigint, rows bigint)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET datestyle = ISO SET timezone = 'UTC' AS $$
  SELECT p.name, p.lower, p.upper, pg_total_relation_size(p.part), c.reltuples::bigint
  FROM public.audit_partitions() p JOIN pg_class c ON c.oid = p.part
  WHERE p.upper IS NOT NULL ORDER BY p.upper
$$;

-- What the default partition holds, by month, and the months that somebody began to make and did not
-- end. create_monthly_partition() gives such a month its own partition and moves the rows there.
CREATE FUNCTION list_default_rows() RETURNS TABLE (month date, rows bigint)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET datestyle = ISO SET timezone = 'UTC' AS $$
  SELECT month, sum(rows)::bigint FROM (
    SELECT date_trunc('month', event_timestamp AT TIME ZONE 'UTC')::date AS month, count(*) AS rows
    FROM public.event_audit_log_default GROUP BY 1
    UNION ALL
    SELECT to_date(substring(relname FROM 22 FOR 6), 'YYYYMM'), 0 FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relowner = quote_ident(current_user)::regrole
      AND relkind = 'r' AND NOT relispartition
      AND relname ~ '^event_audit_log_copy_\d{8}_\d{6}_\d{8}_\d{6}$'
  ) found GROUP BY 1 ORDER BY 1
$$;

-- Drops the months that ended before `retention_months` months ago, or of them `only_partition`, and
-- says which; with the reason where one cannot be dropped, which keeps no other. Never the current
-- month, never a later one, never the default; with `dry_run` nothing at all. For the time of one call
-- nobody writes or reads: to drop many, call it once for each.
CREATE FUNCTION drop_old_partitions(
  retention_months integer, dry_run boolean DEFAULT false, only_partition text DEFAULT NULL)
RETURNS TABLE (partition text, obstacle text)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET datestyle = ISO SET timezone = 'UTC' AS $$
DECLARE
  oldest timestamptz;
  old record;
BEGIN
  IF retention_months IS NULL OR retention_months < 1 THEN
    RAISE EXCEPTION 'retention_months must be 1 or more' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('mutt.partitions', 0));
  oldest := ((now() AT TIME ZONE 'UTC') - make_interval(months => retention_months)) AT TIME ZONE 'UTC';
  FOR old IN
    SELECT * FROM public.audit_partitions() p
    WHERE p.upper <= oldest AND (only_partition IS NULL OR p.name = only_partition) ORDER BY p.upper
  LOOP
    partition := old.name;
    obstacle := NULL;
    IF NOT dry_run THEN
      BEGIN
        EXECUTE format('DROP TABLE %s', old.part);
      EXCEPTION
        -- Somebody uses it: that is another try's, of which nothing is to be said.
        WHEN lock_not_available OR deadlock_detected THEN RAISE;
        WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS obstacle = PG_EXCEPTION_DETAIL;
        obstacle := SQLERRM || CASE WHEN obstacle <> '' THEN ': ' || obstacle ELSE '' END;
      END;
    END IF;
    RETURN NEXT;
  END LOOP;
END
$$;

-- Who may call them is said by the roles.
REVOKE ALL ON FUNCTION audit_partitions(), month_gaps(date), audit_columns(),
  make_month_table(text, timestamptz, timestamptz), default_rows_copy(timestamptz, timestamptz),
  copy_default_rows(date, integer), create_monthly_partition(date), list_monthly_partitions(),
  list_default_rows(), drop_old_partitions(integer, boolean, text) FROM PUBLIC;

-- This month and the next, so that the first rows find their place.
SELECT create_monthly_partition((now() AT TIME ZONE 'UTC')::date);
SELECT create_monthly_partition(((now() AT TIME ZONE 'UTC') + interval '1 month')::date);

INSERT INTO schema_migrations (version, name) VALUES (3, 'partitions');

COMMIT;
