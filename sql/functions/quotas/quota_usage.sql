CREATE OR REPLACE FUNCTION o365.quota_usage(subscription_id bigint)
RETURNS TABLE (per text, seconds integer, posts integer, limited_to integer, used integer, next_free_at timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
#variable_conflict use_column
DECLARE
    v_now timestamptz := clock_timestamp();
    v_lane o365_internal.lane;
    v_dialect text;
    v_most integer[];
BEGIN
    SELECT s.dialect INTO v_dialect FROM o365_internal.subscription AS s
     WHERE s.subscription_id = $1 AND s.connector_id = ANY (o365_internal.visible_connectors());
    SELECT l.* INTO v_lane FROM o365_internal.lane AS l WHERE l.subscription_id = $1 AND v_dialect IS NOT NULL
     ORDER BY l.lease_no DESC LIMIT 1;
    IF v_lane.subscription_id IS NULL OR v_lane.quota_off THEN
        RETURN;
    END IF;
    v_most := o365_internal.quota_most((o365_internal.quota_limits_of(v_dialect)).posts,
                                       o365_internal.quota_halvings(v_lane, v_now));
    RETURN QUERY
    SELECT w.per, w.seconds, w.posts, v_most[w.n],
           (v_lane.posts - k.past)::integer + u.lost + coalesce(g.used, 0),
           CASE WHEN (v_lane.posts - k.past) + u.lost + coalesce(g.used, 0) >= v_most[w.n]
                THEN coalesce(k.free_at, least(u.first_lost, g.first_at)
                                         + make_interval(secs => w.seconds + w.margin)) END
      FROM o365_internal.quota_window AS w
     CROSS JOIN LATERAL o365_internal.quota_look(v_lane, v_most[w.n], w.seconds + w.margin, v_now) AS k
     CROSS JOIN LATERAL (
        SELECT (count(l) + CASE WHEN v_lane.worker IS NOT NULL THEN coalesce(v_lane.granted, 20) ELSE 0 END)::integer
                   AS lost, min(l) AS first_lost
          FROM unnest(v_lane.lost) AS l WHERE l > v_now - make_interval(secs => w.seconds + w.margin)) AS u
     CROSS JOIN LATERAL (
        -- The POSTs of other lanes that have its webhook or its bot; a lane that has both is counted once.
        SELECT sum(s.posts)::integer AS used, min(s.at) AS first_at FROM o365_internal.quota_slot AS s
         WHERE s.group_id IN (v_lane.quota_webhook, CASE w.per WHEN 'bot' THEN v_lane.quota_group END)
           AND s.subscription_id <> $1
           AND s.at > v_now - make_interval(secs => w.seconds + w.margin) AND s.posts > 0
           AND (s.group_id = v_lane.quota_webhook
                OR v_lane.quota_webhook IS NULL
                OR NOT EXISTS (SELECT FROM o365_internal.quota_slot AS o
                                WHERE o.group_id = v_lane.quota_webhook
                                  AND o.subscription_id = s.subscription_id))) AS g
     WHERE w.dialect = v_dialect AND w.posts IS NOT NULL
     ORDER BY w.seconds, w.per;
END $$;
COMMENT ON FUNCTION o365.quota_usage(bigint) IS
    'Each limit of a connection, and how much of it is used: posts in so many seconds, per webhook or per bot; '
    'limited_to: less for a while, if the far end throttled although the limit was kept; used: POSTs in the window '
    'that ends now, with those that a worker may be making, those of the other flows of its group, and those of other '
    'connections of its webhook, even of removed ones; next_free_at: when the next POST is free at the earliest, null: '
    'now. No row for a connection whose quotas are off, or that the session may not see.';
