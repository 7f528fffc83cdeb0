CREATE OR REPLACE FUNCTION o365_internal.chore_resume_paused() RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    v_id bigint;
    v_subscription o365_internal.subscription;
    v_n bigint := 0;
BEGIN
    FOR v_id IN SELECT s.subscription_id FROM o365_internal.subscription AS s
                 WHERE s.paused_until <= now() ORDER BY s.paused_until LIMIT 1000
    LOOP
        -- Whoever has the lane may be changing the pause: the next minute looks again.
        PERFORM FROM o365_internal.lane AS l WHERE l.subscription_id = v_id FOR UPDATE SKIP LOCKED;
        CONTINUE WHEN NOT FOUND;
        v_subscription := o365_internal.lock_subscription(v_id);
        CONTINUE WHEN (v_subscription.status = 'paused' AND v_subscription.paused_until <= now()) IS NOT TRUE;
        PERFORM o365_internal.resume_subscription(v_id, 'worker', 'its pause has ended');
        v_n := v_n + 1;
    END LOOP;
    RETURN CASE WHEN v_n > 0 THEN
        format('resumed %s whose pause has ended', o365_internal.plural(v_n, 'connection', 'connections')) END;
END $$;
COMMENT ON FUNCTION o365_internal.chore_resume_paused() IS
    'Resumes connections whose pause has a time, which has come, at most 1,000 a minute.';
