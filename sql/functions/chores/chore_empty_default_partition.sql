CREATE OR REPLACE FUNCTION o365_internal.chore_empty_default_partition(of_table text) RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET enable_seqscan = off AS $$
DECLARE
    v_default text := of_table || '_default';
    v_begins date := current_date - o365_internal.integer_setting('history_days');
    v_rows bigint;
    v_aside text;
    v_day date;
    v_moved integer := 0;
    v_left integer := 0;
BEGIN
    EXECUTE format('SELECT count(*) FROM (SELECT FROM o365_internal.%I WHERE at >= %L LIMIT 50001) AS r', v_default,
                   v_begins)
       INTO v_rows;
    IF v_rows > 50000 THEN
        v_aside := o365_internal.set_default_aside(of_table);
    END IF;
    IF v_rows = 0 OR v_aside IS NOT NULL THEN
        RETURN CASE WHEN v_aside IS NOT NULL THEN format('made %s of %s', v_aside, v_default) END;
    END IF;
    PERFORM o365_internal.lock_history(of_table, 'SHARE ROW EXCLUSIVE');
    LOOP
        EXECUTE format('SELECT min(at)::date FROM o365_internal.%I WHERE at >= %L', v_default,
                       coalesce(v_day + 1, v_begins))
           INTO v_day;
        EXIT WHEN v_day IS NULL;
        -- Of a day that has a partition PostgreSQL lets no row in here: false says that there are too many rows to
        -- move.
        IF o365_internal.make_partition(of_table, v_day) THEN
            v_moved := v_moved + 1;
        ELSE
            v_left := v_left + 1;
        END IF;
    END LOOP;
    RETURN format('moved %s from %s into partitions', o365_internal.plural(v_moved, 'day', 'days'), v_default)
        || CASE WHEN v_left > 0 THEN format(' and left %s there, each with more than 50000 rows',
                                            o365_internal.plural(v_left, 'day', 'days')) ELSE '' END;
END $$;
COMMENT ON FUNCTION o365_internal.chore_empty_default_partition(text) IS
    'Moves what lies in a default partition into partitions, every day of it but those that are too old, which are '
    'deleted. Returns what was done; null when there was nothing. Error: lock_not_available.';
