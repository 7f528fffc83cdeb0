CREATE OR REPLACE FUNCTION o365_internal.chore_resume_paused() RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    v_id bigint;
    v_subscription o365_internal.subscription;
    v_lane o365_internal.lane;
    v_n bigint := 0;
BEGIN
    FOR v_id IN SELECT s.subscription_id FROM o365_internal.subscription AS s
                 WHERE s.paused_until <= now() ORDER BY s.paused_until LIMIT 1000
    LOOP
        -- A session that has the lane locked may be changing the pause: the next run tries again.
        SELECT l.* INTO v_lane FROM o365_internal.lane AS l WHERE l.subscription_id = v_id FOR UPDATE SKIP LOCKED;
        CONTINUE WHEN NOT FOUND;
        v_subscription := o365_internal.lock_subscription(v_id);
        CONTINUE WHEN (v_subscription.status = 'paused' AND v_subscription.paused_until <= now()) IS NOT TRUE;
        PERFORM o365_internal.resume_subscription(v_id, 'worker', 'its pause has ended');
        -- The end of a pause does not end a wait that the far end asked for.
        UPDATE o365_internal.lane AS l
           SET why = 'retry', not_before = v_lane.tried_until,
               next_at = CASE WHEN l.next_at IS NOT NULL THEN greatest(l.next_at, v_lane.tried_until) END,
               throttled_since = v_lane.throttled_since, throttles = v_lane.throttles, problem = v_lane.problem,
               failing_since = v_lane.failing_since
         WHERE l.subscription_id = v_id AND l.why IS NULL AND v_lane.throttled_since IS NOT NULL
           AND v_lane.tried_until > clock_timestamp();
        v_n := v_n + 1;
    END LOOP;
    RETURN CASE WHEN v_n > 0 THEN
        format('resumed %s whose pause has ended', o365_internal.plural(v_n, 'connection', 'connections')) END;
END $$;
COMMENT ON FUNCTION o365_internal.chore_resume_paused() IS
    'Resumes connections whose pause has a time, which has come, at most 1,000 a minute. Cards leave then, unless the '
    'far end has asked for a longer wait, the schedule runs later or the quota is used up.';
