CREATE OR REPLACE FUNCTION o365_internal.quota_wake(dialect text) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- A locked lane is checked when its wait ends. A lane without cards drops its wait.
    UPDATE o365_internal.lane AS l SET next_at = clock_timestamp()
     WHERE l.ctid = ANY (ARRAY(
        SELECT x.ctid FROM o365_internal.lane AS x JOIN o365_internal.subscription AS s USING (subscription_id)
         WHERE (x.next_at > clock_timestamp() OR x.next_at IS NULL) AND s.dialect = quota_wake.dialect
           AND o365_internal.waits_for_quota(x)
           FOR UPDATE OF x SKIP LOCKED));
END $$;
COMMENT ON FUNCTION o365_internal.quota_wake(text) IS
    'Lets lanes of a dialect that wait for their quota look again now, because limits were changed. Reads all lanes: '
    'about a second for a million.';
