CREATE OR REPLACE FUNCTION o365_internal.unclear_posts(subscription_id bigint, "position" bigint) RETURNS integer
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_variable
BEGIN
    RETURN coalesce((SELECT CASE WHEN l.trying = position THEN l.unclear ELSE a.unclear END FROM o365_internal.lane AS l
                       LEFT JOIN LATERAL (SELECT x.unclear FROM o365_internal.set_aside AS x
                                           WHERE x.subscription_id = l.subscription_id AND x.position = position
                                           LIMIT 1) AS a ON true
                      WHERE l.subscription_id = subscription_id ORDER BY l.lease_no DESC LIMIT 1), 0);
END $$;
COMMENT ON FUNCTION o365_internal.unclear_posts(bigint, bigint) IS
    'How often a card was posted without a clear answer: it may have been shown if that is not 0. Of cards that have '
    'not ended.';
