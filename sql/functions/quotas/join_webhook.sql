CREATE OR REPLACE FUNCTION o365_internal.join_webhook(subscription_id bigint) RETURNS boolean
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_s o365_internal.subscription;
    v_all record;
    v_ids bigint[];
    v_group_id integer;
    v_bot_id integer;   -- the group of a bot that one of them is in: the flow is that bot's, whoever connects it
    v_bot text;
    v_lane o365_internal.lane;
BEGIN
    SELECT s.* INTO v_s FROM o365_internal.subscription AS s WHERE s.subscription_id = join_webhook.subscription_id;
    SELECT g.group_id INTO v_group_id FROM o365_internal.quota_group AS g
     WHERE g.webhook_index = v_s.webhook_index AND g.dialect = v_s.dialect;
    -- All lanes that have the webhook, and those of them that are not in its group yet.
    SELECT count(*) AS n, min(l.quota_group) AS bot,
           array_agg(s.subscription_id) FILTER (WHERE l.quota_webhook IS DISTINCT FROM v_group_id
                                                   OR v_group_id IS NULL) AS without_webhook,
           array_agg(s.subscription_id) FILTER (WHERE l.quota_group IS NULL) AS without_bot
      INTO v_all FROM o365_internal.subscription AS s
     CROSS JOIN LATERAL (SELECT x.quota_webhook, x.quota_group FROM o365_internal.lane AS x
                          WHERE x.subscription_id = s.subscription_id ORDER BY x.lease_no DESC LIMIT 1) AS l
     WHERE s.webhook_index = v_s.webhook_index AND s.dialect = v_s.dialect;
    IF v_group_id IS NULL AND v_all.n <= 1 THEN
        UPDATE o365_internal.lane AS l SET quota_webhook = NULL WHERE l.subscription_id = join_webhook.subscription_id;
        RETURN true;
    END IF;
    v_bot_id := v_all.bot;
    v_ids := ARRAY(SELECT unnest(v_all.without_webhook)
                   UNION SELECT unnest(v_all.without_bot) WHERE v_bot_id IS NOT NULL ORDER BY 1);
    -- (!) Lock these, in a statement of its own: none may be granted POSTs by its own windows only meanwhile. If one is
    -- locked, the next claim tries again.
    IF cardinality(v_ids) > (SELECT count(*) FROM unnest(v_ids) AS u (s) CROSS JOIN LATERAL (
            SELECT FROM o365_internal.lane AS l WHERE l.subscription_id = u.s FOR UPDATE SKIP LOCKED) AS l) THEN
        RETURN false;
    END IF;
    v_group_id := o365_internal.webhook_group(v_s.dialect, v_s.webhook_index);
    -- (!) And no claim may grant POSTs by what the groups contain so far.
    PERFORM FROM o365_internal.quota_group AS g WHERE g.group_id = v_group_id FOR NO KEY UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    SELECT g.name INTO v_bot FROM o365_internal.quota_group AS g WHERE g.group_id = v_bot_id
       FOR NO KEY UPDATE SKIP LOCKED;
    IF v_bot_id IS NOT NULL AND NOT FOUND THEN
        RETURN false;
    END IF;
    FOR v_lane IN SELECT l.* FROM unnest(v_ids) AS u (s) JOIN o365_internal.lane AS l ON l.subscription_id = u.s
                   WHERE l.quota_webhook IS DISTINCT FROM v_group_id
    LOOP
        PERFORM o365_internal.quota_count(v_group_id, v_lane.subscription_id, o365_internal.longest_window(v_s.dialect),
                                          v_lane.webhook_after);
        IF v_lane.quota_halved > 0 THEN
            INSERT INTO o365_internal.quota_slot (group_id, subscription_id, posts, at, halved)
                VALUES (v_group_id, v_lane.subscription_id, 0, v_lane.quota_halved_at, v_lane.quota_halved);
        END IF;
        UPDATE o365_internal.lane AS l SET quota_webhook = v_group_id, quota_clear = NULL
         WHERE l.subscription_id = v_lane.subscription_id;
    END LOOP;
    IF v_bot_id IS NULL THEN
        RETURN true;
    END IF;
    FOR v_lane IN SELECT l.* FROM unnest(v_ids) AS u (s) JOIN o365_internal.lane AS l ON l.subscription_id = u.s
                   WHERE l.quota_group IS NULL
    LOOP
        PERFORM o365_internal.quota_count(v_bot_id, v_lane.subscription_id,
                                          o365_internal.longest_window(v_s.dialect), 0);
        UPDATE o365_internal.lane AS l SET quota_group = v_bot_id WHERE l.subscription_id = v_lane.subscription_id;
        PERFORM o365_internal.note_event('setting_changed', 'worker', NULL, object => 'quota group ' || v_bot,
            reason => format('subscription %s has the webhook of a flow of this group', v_lane.subscription_id),
            detail => (SELECT string_agg(l.subscription_id::text, ', ' ORDER BY l.subscription_id)
                         FROM o365_internal.lane AS l WHERE l.quota_group = v_bot_id));
    END LOOP;
    RETURN true;
END $$;
COMMENT ON FUNCTION o365_internal.join_webhook(bigint) IS
    'Puts a lane, and whichever others have its webhook, into that webhook''s group, with what each has posted there '
    'and may be posting, and into the group of the bot that one of them is in. Or says that nobody shares it. False: '
    'somebody has one of them, or a group; ask again. The caller has the lane locked. Runs under the planner settings '
    'of worker_lease.';
