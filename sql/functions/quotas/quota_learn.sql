CREATE OR REPLACE FUNCTION o365_internal.quota_learn(subscription_id bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    c_times CONSTANT integer := 5;   -- a thirty-second part is little enough
    v_now timestamptz := clock_timestamp();
    v_lane o365_internal.lane;
    v_halved integer;   -- by now
BEGIN
    SELECT l.* INTO v_lane FROM o365_internal.lane AS l
     WHERE l.subscription_id = quota_learn.subscription_id AND NOT l.quota_off ORDER BY l.lease_no DESC LIMIT 1;
    IF v_lane.subscription_id IS NULL THEN
        RETURN;
    END IF;
    v_halved := o365_internal.quota_halvings(v_lane, v_now);
    IF v_lane.quota_webhook > 0 THEN
        -- In a row of its own, because a report must not wait for the lock of a group.
        INSERT INTO o365_internal.quota_slot (group_id, subscription_id, posts, at, halved)
            VALUES (v_lane.quota_webhook, v_lane.subscription_id, 0, v_now, least(c_times, 1 + v_halved));
    END IF;
    UPDATE o365_internal.lane AS l
       SET quota_halved = least(c_times, 1 + v_halved),
           quota_halved_at = v_now, quota_clear = NULL
     WHERE l.subscription_id = v_lane.subscription_id;
END $$;
COMMENT ON FUNCTION o365_internal.quota_learn(bigint) IS
    'Called when the far end throttled a lane although its windows were kept: it lets less pass than it says, or '
    'others post there, too. Halves the lane''s limits, and those of all lanes that share its webhook; each hour '
    'without another throttle doubles them again, up to what they were. The caller has the lane.';
