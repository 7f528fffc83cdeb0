CREATE OR REPLACE FUNCTION o365_internal.sweep_unconfirmed() RETURNS integer
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_id bigint;
    v_swept integer := 0;
BEGIN
    FOR v_id IN SELECT s.subscription_id FROM o365_internal.subscription AS s
                 WHERE s.status = 'pending'
                   AND s.status_at <= now() - make_interval(mins => o365_internal.integer_setting('confirm_minutes'))
                 ORDER BY s.status_at LIMIT 1000
    LOOP
        -- A session that has the lane locked may be confirming: the next run tries again.
        PERFORM FROM o365_internal.lane AS l WHERE l.subscription_id = v_id FOR UPDATE SKIP LOCKED;
        CONTINUE WHEN NOT FOUND;
        CONTINUE WHEN (o365_internal.lock_subscription(v_id)).status <> 'pending';
        PERFORM o365_internal.remove_subscription(v_id, 'worker', 'was not confirmed in time');
        v_swept := v_swept + 1;
    END LOOP;
    RETURN v_swept;
END $$;
COMMENT ON FUNCTION o365_internal.sweep_unconfirmed() IS
    'Removes connections that nobody confirmed in time, webhooks wiped; returns how many.';
