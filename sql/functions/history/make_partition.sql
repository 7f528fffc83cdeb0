CREATE OR REPLACE FUNCTION o365_internal.make_partition(of_table text, day date) RETURNS boolean
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET enable_seqscan = off AS $$
DECLARE
    v_name text := o365_internal.partition_name(of_table, day);
    v_rows bigint;
BEGIN
    IF to_regclass(format('o365_internal.%I', v_name)) IS NOT NULL THEN
        RETURN false;
    END IF;
    -- Before rows are moved: a row that a report inserts there meanwhile would prevent the new partition.
    PERFORM o365_internal.lock_history(of_table, 'SHARE ROW EXCLUSIVE');
    -- Reports wait meanwhile, so this may take a second but not a minute.
    EXECUTE format('SELECT count(*) FROM (SELECT FROM o365_internal.%I WHERE at >= %L AND at < %L LIMIT 50001) AS r',
                   of_table || '_default', day, day + 1) INTO v_rows;
    IF v_rows > 50000 THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE o365_internal.%I (LIKE o365_internal.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS '
                   'INCLUDING COMMENTS)', v_name, of_table);
    EXECUTE format('COMMENT ON TABLE o365_internal.%I IS %L', v_name, 'One day of ' || of_table || ', UTC.');
    PERFORM o365_internal.prepare_partition(v_name);
    EXECUTE format('WITH moved AS (DELETE FROM o365_internal.%1$I WHERE at >= %3$L AND at < %4$L RETURNING *)
                    INSERT INTO o365_internal.%2$I SELECT * FROM moved', of_table || '_default', v_name, day, day + 1);
    EXECUTE format('ALTER TABLE o365_internal.%I ATTACH PARTITION o365_internal.%I FOR VALUES FROM (%L) TO (%L)',
                   of_table, v_name, day, day + 1);
    RETURN true;
END $$;
COMMENT ON FUNCTION o365_internal.make_partition(text, date) IS
    'Makes the partition of one day, midnight to midnight UTC, and moves that day''s rows from the default partition '
    'into it; false when it is there, or when more than 50,000 rows of the day lie in the default partition. Error: '
    'lock_not_available when somebody has the history open.';
