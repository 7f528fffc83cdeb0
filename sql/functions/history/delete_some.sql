CREATE OR REPLACE FUNCTION o365_internal.delete_some(of_partition text, before timestamptz) RETURNS bigint
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET enable_sort = off AS $$
DECLARE
    v_n bigint;
BEGIN
    EXECUTE format('DELETE FROM o365_internal.%1$I WHERE ctid = ANY (ARRAY(SELECT ctid FROM o365_internal.%1$I
                    WHERE at < %2$L ORDER BY at LIMIT 10000))', of_partition, before);
    GET DIAGNOSTICS v_n = ROW_COUNT;
    RETURN v_n;
END $$;
COMMENT ON FUNCTION o365_internal.delete_some(text, timestamptz) IS
    'Deletes rows of a partition from before a time, the oldest first and at most 10,000, and returns how many. Needs '
    'no lock that a reader has.';
