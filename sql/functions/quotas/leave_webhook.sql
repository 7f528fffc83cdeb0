CREATE OR REPLACE FUNCTION o365_internal.leave_webhook(old o365_internal.subscription) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_now timestamptz := clock_timestamp();
    v_longest interval := o365_internal.longest_window(old.dialect);
    v_lane o365_internal.lane;
    v_group_id integer;
BEGIN
    SELECT l.* INTO v_lane FROM o365_internal.lane AS l
     WHERE l.subscription_id = old.subscription_id ORDER BY l.lease_no DESC LIMIT 1;
    IF old.webhook_index IS NULL OR v_lane.subscription_id IS NULL THEN
        RETURN;
    END IF;
    -- If the lane is in its webhook's group already, its POSTs are there.
    IF coalesce(v_lane.quota_webhook, 0) = 0
       AND (v_lane.last_post_at IS NULL OR v_lane.last_post_at > v_now - v_longest OR v_lane.lost IS NOT NULL
            OR v_lane.worker IS NOT NULL) THEN
        v_group_id := o365_internal.webhook_group(old.dialect, old.webhook_index);
        PERFORM o365_internal.quota_count(v_group_id, old.subscription_id, v_longest, v_lane.webhook_after);
        IF v_lane.quota_halved > 0 THEN
            INSERT INTO o365_internal.quota_slot (group_id, subscription_id, posts, at, halved)
                VALUES (v_group_id, old.subscription_id, 0, v_lane.quota_halved_at, v_lane.quota_halved);
        END IF;
    END IF;
    UPDATE o365_internal.lane AS l SET quota_webhook = NULL
     WHERE l.subscription_id = old.subscription_id AND l.quota_webhook IS NOT NULL;
END $$;
COMMENT ON FUNCTION o365_internal.leave_webhook(o365_internal.subscription) IS
    'Keeps what a connection posted for its webhook, which it is about to lose, for whoever connects that next: as '
    'long as a window reaches back. old: its row with that webhook. The caller has the lane locked.';
