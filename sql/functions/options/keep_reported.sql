CREATE OR REPLACE FUNCTION o365_internal.keep_reported(
    held bigint[], held_leases bigint[], subs bigint[], leases bigint[], positions bigint[], outcomes text[])
RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
BEGIN
    PERFORM o365_internal.keep_content(array_agg(o.tid), array_agg(u.outcome))
       FROM unnest(subs, leases, positions, outcomes) AS u (s, l, p, outcome)
      CROSS JOIN LATERAL (SELECT x.ctid AS tid FROM o365_internal.outbox AS x
                           WHERE x.subscription_id = u.s AND x.position = u.p LIMIT 1) AS o
      WHERE held_leases[array_position(held, u.s)] = u.l
     HAVING count(*) > 0;
END $$;
COMMENT ON FUNCTION o365_internal.keep_reported(bigint[], bigint[], bigint[], bigint[], bigint[], text[]) IS
    'keep_content for those cards of a report that have an outcome here (dead, in_doubt, expired), of the lanes that '
    'are held under the lease that it names. Called before their rows go.';
