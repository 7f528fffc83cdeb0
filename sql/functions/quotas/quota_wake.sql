CREATE OR REPLACE FUNCTION o365_internal.quota_wake(dialect text) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- One that somebody has locked looks when its wait ends.
    UPDATE o365_internal.lane AS l SET next_at = clock_timestamp()
     WHERE l.ctid = ANY (ARRAY(
        SELECT x.ctid FROM o365_internal.lane AS x JOIN o365_internal.subscription AS s USING (subscription_id)
         WHERE x.next_at > clock_timestamp() AND s.dialect = quota_wake.dialect
           AND (x.why = 'quota'
                -- An urgent card waits for it where the lane waits for its schedule, a test card where it is paused.
                OR x.why IN ('schedule', 'pause') AND x.next_at < 'infinity' AND x.worker IS NULL
                   AND x.problem IS NULL)
           FOR UPDATE OF x SKIP LOCKED));
END $$;
COMMENT ON FUNCTION o365_internal.quota_wake(text) IS
    'Lets lanes of a dialect that wait for their quota look again now, because limits were changed. Reads all lanes: '
    'about a second for a million.';
