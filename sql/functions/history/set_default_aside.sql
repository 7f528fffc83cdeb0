CREATE OR REPLACE FUNCTION o365_internal.set_default_aside(of_table text) RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET enable_seqscan = off AS $$
DECLARE
    v_default text := of_table || '_default';
    v_name text;
    v_first date;
    v_last date;
BEGIN
    PERFORM o365_internal.lock_history(of_table, 'ACCESS EXCLUSIVE');
    EXECUTE format('SELECT min(at)::date, max(at)::date FROM o365_internal.%I', v_default) INTO v_first, v_last;
    IF EXISTS (SELECT FROM generate_series(v_first, v_last, interval '1 day') AS d
                WHERE to_regclass(format('o365_internal.%I',
                                         o365_internal.partition_name(of_table, d::date))) IS NOT NULL) THEN
        RETURN NULL;
    END IF;
    v_name := o365_internal.partition_name(of_table, v_last);
    EXECUTE format('ALTER TABLE o365_internal.%I DETACH PARTITION o365_internal.%I', of_table, v_default);
    EXECUTE format('ALTER TABLE o365_internal.%I RENAME TO %I', v_default, v_name);
    EXECUTE format('COMMENT ON TABLE o365_internal.%I IS %L', v_name,
                   format('%s from %s to %s, UTC: the default partition of those days.', of_table, v_first, v_last));
    EXECUTE format('CREATE TABLE o365_internal.%I PARTITION OF o365_internal.%I DEFAULT', v_default, of_table);
    PERFORM o365_internal.prepare_partition(v_default);
    EXECUTE format('COMMENT ON TABLE o365_internal.%I IS %L', v_default,
                   'Where rows go when no partition was made for their day; empty otherwise.');
    EXECUTE format('ALTER TABLE o365_internal.%I ATTACH PARTITION o365_internal.%I FOR VALUES FROM (%L) TO (%L)',
                   of_table, v_name, v_first, v_last + 1);
    RETURN v_name;
END $$;
COMMENT ON FUNCTION o365_internal.set_default_aside(text) IS
    'Makes the default partition the partition of the days that are in it, and an empty one in its place: no row is '
    'moved, so reports wait for one scan only. Returns the partition''s name; null when days between have partitions. '
    'Error: lock_not_available.';
