CREATE OR REPLACE FUNCTION o365_internal.lease_lanes(worker integer, tids tid[], turns smallint[], at timestamptz,
    ends timestamptz)
RETURNS TABLE (subscription_id bigint, lease_no bigint, secret_version integer, dialect text, payload text)
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
BEGIN
    -- PL/pgSQL keeps the plan; a function in SQL is parsed and planned at every call, which costs more than the claim.
    RETURN QUERY
    WITH granted AS MATERIALIZED (
        -- Mostly the lane knows that enough POSTs are free.
        SELECT taken.tid, taken.turn, s.secret_version, s.dialect, s.payload, (q.l).version,
               CASE WHEN k.known THEN least(o365_internal.cards_a_lease(), la.quota_clear - la.posts)
                    ELSE (g.g).granted END AS granted,
               CASE WHEN k.known THEN la.quota_past ELSE (g.g).past END AS past,
               CASE WHEN k.known THEN la.quota_clear ELSE (g.g).clear END AS clear,
               (g.g).lost, (g.g).free_at, (g.g).late_window,
               CASE WHEN k.known THEN la.quota_leaves ELSE (g.g).leaves END AS leaves
          FROM unnest(tids, turns) AS taken (tid, turn) JOIN o365_internal.lane AS la ON la.ctid = taken.tid
          LEFT JOIN LATERAL (SELECT su.secret_version, su.dialect, su.payload, su.status
                               FROM o365_internal.subscription AS su
                              WHERE su.subscription_id = la.subscription_id LIMIT 1) AS s ON true
         -- What is cancelled needs no POST. Each dialect's limits are read once, where a lane of it is there.
         CROSS JOIN LATERAL (
            SELECT CASE WHEN s.status IN ('removed', 'gone', 'retired') THEN NULL
                        WHEN s.dialect = 'workflow' THEN (SELECT o365_internal.quota_limits_of('workflow'))
                        ELSE (SELECT o365_internal.quota_limits_of('connector')) END AS l OFFSET 0) AS q
         CROSS JOIN LATERAL (SELECT coalesce(la.quota_clear - la.posts >= 1 AND la.quota_version = (q.l).version
                                             AND la.worker IS NULL AND NOT la.quota_off, false) AS known OFFSET 0) AS k
         CROSS JOIN LATERAL (SELECT CASE WHEN NOT k.known THEN
                    o365_internal.quota_grant(la, (q.l).seconds, (q.l).posts, at, ends) END AS g OFFSET 0) AS g),
    waiting AS (
        -- A pause and a longer wait stay what they are; test cards wait for the quota, too.
        UPDATE o365_internal.lane AS la
           SET next_at = g.free_at, turn = coalesce(g.turn, la.turn), quota_past = g.past,
               quota_leaves = g.leaves, quota_clear = NULL, quota_window = g.late_window,
               not_before = CASE WHEN la.why <> 'quota' AND la.not_before > g.free_at THEN la.not_before
                                 ELSE g.free_at END,
               why = CASE WHEN la.why <> 'quota' AND la.not_before > g.free_at THEN la.why ELSE 'quota' END
          FROM granted AS g WHERE la.ctid = g.tid AND g.granted = 0 AND g.free_at IS NOT NULL),
    leased AS (
        UPDATE o365_internal.lane AS la
           SET next_at = ends, lease_until = ends, claimed_at = at, worker = lease_lanes.worker,
               lease_no = la.lease_no + 1, turn = coalesce(g.turn, la.turn),
               lease_below = CASE WHEN la.why = 'pause' THEN o365_internal.tests_below()
                                  WHEN la.why = 'schedule' AND la.not_before > at THEN 0 END,
               granted = g.granted, quota_past = g.past, quota_leaves = g.leaves, quota_clear = g.clear,
               quota_version = g.version, lost = g.lost,
               quota_halved = CASE WHEN la.quota_halved_at < at - interval '5 hours' THEN 0 ELSE la.quota_halved END,
               not_before = CASE WHEN la.why = 'quota' THEN NULL ELSE la.not_before END, why = nullif(la.why, 'quota')
          FROM granted AS g WHERE la.ctid = g.tid AND g.granted IS DISTINCT FROM 0
        RETURNING la.subscription_id, la.lease_no, g.secret_version, g.dialect, g.payload)
    SELECT l.subscription_id, l.lease_no, l.secret_version, l.dialect, l.payload FROM leased AS l;
END $$;
COMMENT ON FUNCTION o365_internal.lease_lanes(integer, tid[], smallint[], timestamptz, timestamptz) IS
    'Leases lanes that the caller has locked, until ends: for as many POSTs as their limits leave free. A lane whose '
    'quota is used up is not leased: it waits until its next POST is free. turns: their turns from now on (turns), '
    'null where they stay what they are.';
