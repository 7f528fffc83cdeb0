CREATE OR REPLACE FUNCTION o365_internal.put_probes_first(
    host o365_internal.host, at timestamptz, n_probes integer, n_looks integer) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_variable
DECLARE
    v_probe record;
BEGIN
    -- Lanes of dead tenants come back with each probe, due before lanes with new cards, and there may be thousands. So
    -- the oldest and the newest are examined: the lanes that came last are the least likely to have failed already.
    FOR v_probe IN
        SELECT d.tid, o.first FROM unnest(o365_internal.all_turns()) AS t (turn)
         CROSS JOIN LATERAL (SELECT x.next_at AS first FROM o365_internal.lane AS x
                              WHERE x.host_id = host.host_id AND x.turn = t.turn AND x.next_at <= at
                              ORDER BY x.next_at LIMIT 1) AS o
         CROSS JOIN LATERAL (
              (SELECT x.ctid AS tid, x.next_at, x.subscription_id, x.problem, x.blocked, x.unclear_in_a_row
                 FROM o365_internal.lane AS x
                WHERE x.host_id = host.host_id AND x.turn = t.turn AND x.next_at <= at
                ORDER BY x.next_at LIMIT n_looks)
               UNION
              (SELECT x.ctid, x.next_at, x.subscription_id, x.problem, x.blocked, x.unclear_in_a_row
                 FROM o365_internal.lane AS x
                WHERE x.host_id = host.host_id AND x.turn = t.turn AND x.next_at <= at
                ORDER BY x.next_at DESC LIMIT n_looks)) AS d
         WHERE (d.problem IS NULL OR d.blocked IS NOT NULL) AND d.unclear_in_a_row = 0
           AND d.subscription_id <> ALL (host.suspects)
         ORDER BY d.next_at LIMIT n_probes
    LOOP
        UPDATE o365_internal.lane AS l SET next_at = v_probe.first - interval '1 microsecond'
         WHERE l.ctid = ANY (ARRAY(SELECT x.ctid FROM o365_internal.lane AS x WHERE x.ctid = v_probe.tid
                                      FOR UPDATE SKIP LOCKED));
    END LOOP;
END $$;
COMMENT ON FUNCTION o365_internal.put_probes_first(o365_internal.host, timestamptz, integer, integer) IS
    'Before a far end that fails is probed: of its due lanes up to n_probes that did not fail become the first of '
    'their turn, so that worker_lease takes them. Looked at are the n_looks of each turn that are due longest, and as '
    'many that are due last. Waits for no lock.';
