CREATE OR REPLACE FUNCTION o365_internal.is_restored() RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_cluster bigint := o365_internal.cluster_id();
BEGIN
    -- Transaction ids never decrease within one history: if they do, those of fed and of the outbox are from another
    -- one, whatever the cluster's identifier is.
    RETURN (SELECT v_cluster IS NOT NULL AND f.cluster IS DISTINCT FROM v_cluster
                   OR pg_snapshot_xmax(f.snap) > pg_snapshot_xmax(pg_current_snapshot())
              FROM o365_internal.fed AS f ORDER BY f.n DESC LIMIT 1);
END $$;
COMMENT ON FUNCTION o365_internal.is_restored() IS
    'Whether the transaction ids in fed and in the outbox are those of another history: a restored dump, an upgraded '
    'cluster, a logical replica.';
