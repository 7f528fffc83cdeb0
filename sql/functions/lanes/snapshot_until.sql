CREATE OR REPLACE FUNCTION o365_internal.snapshot_until(xmax bigint, in_progress xid8[]) RETURNS pg_snapshot
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT format('%s:%s:%s', coalesce(min(x.xid), xmax), xmax,
                          string_agg(x.xid::text, ',' ORDER BY x.xid))::pg_snapshot
              FROM (SELECT DISTINCT u.xid::text::bigint AS xid FROM unnest(in_progress) AS u (xid)) AS x
             WHERE x.xid < xmax);
END $$;
COMMENT ON FUNCTION o365_internal.snapshot_until(bigint, xid8[]) IS
    'The snapshot in which the transactions below xmax are visible, but for those of in_progress.';
