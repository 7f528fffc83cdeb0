CREATE OR REPLACE FUNCTION o365_internal.make_partitions(of_table text, days integer) RETURNS integer
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    v_made integer := 0;
    v_day date;
BEGIN
    FOR v_day IN SELECT current_date + d FROM generate_series(0, days) AS d LOOP
        v_made := v_made + o365_internal.make_partition(of_table, v_day)::integer;
    END LOOP;
    RETURN v_made;
END $$;
COMMENT ON FUNCTION o365_internal.make_partitions(text, integer) IS
    'Makes the partitions of today and that many days more; returns how many were missing. Error: lock_not_available.';

CREATE OR REPLACE FUNCTION o365_internal.make_partitions(days integer) RETURNS integer
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN o365_internal.make_partitions('attempt', days) + o365_internal.make_partitions('delivery', days)
        + o365_internal.make_partitions('event', days);
END $$;
COMMENT ON FUNCTION o365_internal.make_partitions(integer) IS
    'The same for all tables of the history, when the schema is installed or upgraded.';
