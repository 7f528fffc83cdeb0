CREATE OR REPLACE FUNCTION o365_internal.lock_history(of_table text, mode text) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET lock_timeout = '200ms' AS $$
DECLARE
    v_tables regclass[] := ARRAY[format('o365_internal.%I', of_table),
                                 format('o365_internal.%I', of_table || '_default')];
    v_before text[] := o365_internal.holders(v_tables);
BEGIN
    EXECUTE format('LOCK TABLE ONLY o365_internal.%I IN %s MODE', of_table, mode);
    EXECUTE format('LOCK TABLE o365_internal.%I IN ACCESS EXCLUSIVE MODE', of_table || '_default');
EXCEPTION WHEN lock_not_available THEN
    RAISE EXCEPTION '% has the history of % open', o365_internal.who_stays(v_before, o365_internal.holders(v_tables)),
            CASE of_table WHEN 'attempt' THEN 'attempts' WHEN 'delivery' THEN 'deliveries' ELSE 'events' END
        USING ERRCODE = 'lock_not_available';
END $$;
COMMENT ON FUNCTION o365_internal.lock_history(text, text) IS
    'Locks a table of the history and then its default partition, so that reports wait until the transaction ends. '
    'Error: lock_not_available after 200 ms, which names who has it.';
