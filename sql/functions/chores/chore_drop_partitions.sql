CREATE OR REPLACE FUNCTION o365_internal.chore_drop_partitions(of_table text) RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET lock_timeout = '200ms' AS $$
DECLARE
    v_begins date := current_date - o365_internal.integer_setting('history_days');
    v_partition name;
    v_tables regclass[];
    v_before text[];
    v_is_open boolean := false;
    v_n bigint;
    v_done text[] := '{}';
BEGIN
    v_n := o365_internal.delete_some(of_table || '_default', v_begins);
    IF v_n > 0 THEN
        v_done := v_done || format('deleted %s of %s', o365_internal.plural(v_n, 'row', 'rows'), of_table
                                   || '_default');
    END IF;
    FOR v_partition IN
        SELECT c.relname FROM pg_catalog.pg_inherits AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid
         WHERE i.inhparent = format('o365_internal.%I', of_table)::regclass
           AND c.relname ~ '_[0-9]{8}$' AND to_date(right(c.relname, 8), 'YYYYMMDD') < v_begins ORDER BY 1
    LOOP
        IF NOT v_is_open THEN
            v_tables := ARRAY[format('o365_internal.%I', of_table), format('o365_internal.%I', v_partition)];
            v_before := o365_internal.holders(v_tables);
            BEGIN
                EXECUTE format('DROP TABLE o365_internal.%I', v_partition);
                v_done := v_done || format('dropped %s', v_partition);
            EXCEPTION WHEN lock_not_available THEN
                -- Each attempt makes reports wait, so there is only one.
                v_is_open := true;
                v_done := v_done || format('left %s for later: %s has it open', v_partition,
                                           o365_internal.who_stays(v_before, o365_internal.holders(v_tables)));
            END;
        END IF;
        -- Wait for a dump. If a reader stays, only the rows are deleted and the table remains.
        IF v_is_open AND to_date(right(v_partition, 8), 'YYYYMMDD') < v_begins - 1 THEN
            v_n := o365_internal.delete_some(v_partition, v_begins);
            IF v_n > 0 THEN
                v_done := v_done || format('deleted %s of %s', o365_internal.plural(v_n, 'row', 'rows'), v_partition);
                EXIT;
            END IF;
        END IF;
    END LOOP;
    RETURN nullif(array_to_string(v_done, ', '), '');
END $$;
COMMENT ON FUNCTION o365_internal.chore_drop_partitions(text) IS
    'Drops partitions of days before history_days. While a reader has one open for more than a day its rows are '
    'deleted instead, 10,000 a minute, and so are old rows of the default partition.';
