CREATE OR REPLACE FUNCTION o365_programs.worker_recheck(subscription_ids bigint[], lease_nos bigint[],
    secret_versions integer[])
RETURNS TABLE (subscription_id bigint, lease_no bigint, may_send boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
    v_hosts integer[] := o365_internal.open_hosts();
BEGIN
    RETURN QUERY SELECT u.s, u.l, coalesce(
                     CASE WHEN la.lease_below < 0 THEN su.status NOT IN ('removed', 'gone', 'retired')
                          ELSE la.why IS DISTINCT FROM 'pause' AND su.status = 'active' END AND su.secret_version = u.v
                     AND (la.host_id = ANY (v_hosts)
                          OR EXISTS (SELECT FROM o365_internal.host AS h
                                      WHERE h.host_id = la.host_id AND h.probed_at <= la.claimed_at
                                        AND (h.held_until > clock_timestamp()) IS NOT TRUE)), false)
      FROM unnest(subscription_ids, lease_nos, secret_versions) AS u(s, l, v)
      LEFT JOIN LATERAL (SELECT x.why, x.lease_below, x.host_id, x.claimed_at, true AS found
                            FROM o365_internal.lane AS x
                           WHERE x.subscription_id = u.s AND x.lease_no = u.l LIMIT 1) AS la ON true
      LEFT JOIN LATERAL (SELECT y.status, y.secret_version FROM o365_internal.subscription AS y
                          WHERE y.subscription_id = u.s AND la.found LIMIT 1) AS su ON true;
END $$;
COMMENT ON FUNCTION o365_programs.worker_recheck(bigint[], bigint[], integer[]) IS
    'Whether leased lanes may still send: false once paused, removed, suspended, leased to another, its far end held '
    'or failing (but for its probes), or renewed: the webhook is not of the version that the worker has. Of a lane '
    'that was held when it was leased: whether its test cards may. Called at most 2 s before each POST.';
