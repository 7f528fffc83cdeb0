CREATE OR REPLACE FUNCTION o365_internal.workers_at_work()
RETURNS TABLE (worker integer, lanes bigint, reported_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 10 SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET jit = off AS $$
#variable_conflict use_column
DECLARE
    v_now timestamptz := now();
    v_ends timestamptz := v_now + make_interval(secs => o365_internal.integer_setting('lease_seconds'));
BEGIN
    -- Lanes that are leased are due when their lease ends: they are found by that time.
    RETURN QUERY
    WITH leased AS (
        SELECT l.worker, count(*) AS lanes FROM o365_internal.host AS h
         CROSS JOIN unnest(o365_internal.all_turns()) AS t (turn) CROSS JOIN LATERAL (
                   SELECT x.worker, x.lease_until FROM o365_internal.lane AS x
                    WHERE x.host_id = h.host_id AND x.turn = t.turn AND x.next_at > v_now AND x.next_at <= v_ends
                    ORDER BY x.next_at LIMIT 10000) AS l
         WHERE l.lease_until > v_now AND l.worker IS NOT NULL GROUP BY l.worker),
    newest AS (
        SELECT d.worker, max(d.at) AS at FROM (SELECT x.worker, x.at FROM o365_internal.delivery AS x
                                                ORDER BY x.at DESC LIMIT 2000) AS d
         WHERE d.worker IS NOT NULL GROUP BY d.worker)
    SELECT coalesce(l.worker, n.worker), coalesce(l.lanes, 0), n.at
      FROM leased AS l FULL JOIN newest AS n ON n.worker = l.worker;
END $$;
COMMENT ON FUNCTION o365_internal.workers_at_work() IS
    'What workers do: how many lanes each has under a lease, of the first 10,000 of each far end, and when it wrote '
    'the last of the newest 2,000 ends. SECURITY DEFINER for the view o365.workers.';
