CREATE OR REPLACE FUNCTION o365_internal.quota_count(
    group_id integer, subscription_id bigint, longest interval, after_post bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    v_now timestamptz := clock_timestamp();
    v_before timestamptz := v_now + interval '10 s';   -- what a clock wrote that was ahead is no POST of a window
    v_lane o365_internal.lane;
BEGIN
    SELECT l.* INTO v_lane FROM o365_internal.lane AS l WHERE l.subscription_id = $2 ORDER BY l.lease_no DESC LIMIT 1;
    IF v_lane.last_post_at IS NULL OR v_lane.last_post_at > v_now - longest THEN
        INSERT INTO o365_internal.quota_slot (group_id, subscription_id, posts, at)
            SELECT $1, $2, 1, x.at FROM (
                SELECT d.at, d.post_no FROM o365_internal.delivery AS d
                 WHERE d.subscription_id = $2 AND d.at > v_now - longest AND d.at < v_before AND d.took_ms IS NOT NULL
                UNION ALL
                SELECT a.at, a.post_no FROM o365_internal.attempt AS a
                 WHERE a.subscription_id = $2 AND a.at > v_now - longest AND a.at < v_before) AS x
             WHERE $4 = 0 OR x.post_no > $4;
    END IF;
    INSERT INTO o365_internal.quota_slot (group_id, subscription_id, posts, at)
        SELECT $1, $2, 1, u FROM unnest(v_lane.lost) AS u WHERE u > v_now - longest;
    IF v_lane.worker IS NOT NULL THEN
        INSERT INTO o365_internal.quota_slot (group_id, subscription_id, lease_no, after_post, posts, at)
            VALUES ($1, $2, v_lane.lease_no, v_lane.posts,
                    coalesce(v_lane.granted, o365_internal.cards_a_lease()), v_lane.lease_until);
    END IF;
END $$;
COMMENT ON FUNCTION o365_internal.quota_count(integer, bigint, interval, bigint) IS
    'Counts for a group what a lane posted within the longest window, with a number above after_post, and may be '
    'posting. The caller has the lane locked.';
