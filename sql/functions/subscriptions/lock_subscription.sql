CREATE OR REPLACE FUNCTION o365_internal.lock_subscription(subscription_id bigint) RETURNS o365_internal.subscription
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_subscription o365_internal.subscription;
    v_verdict text;
BEGIN
    -- The lane first, as in the delivery core: a session that has the lane never waits for its subscription.
    SELECT l.verdict INTO v_verdict FROM o365_internal.lane AS l
     WHERE l.subscription_id = lock_subscription.subscription_id FOR UPDATE;
    SELECT s.* INTO v_subscription FROM o365_internal.subscription AS s
     WHERE s.subscription_id = lock_subscription.subscription_id FOR UPDATE;
    IF v_verdict IS NOT NULL THEN
        UPDATE o365_internal.lane AS l SET verdict = NULL WHERE l.subscription_id = lock_subscription.subscription_id;
        PERFORM o365_internal.hold(subscription_id, 'suspended', v_verdict);
        SELECT s.* INTO v_subscription FROM o365_internal.subscription AS s
         WHERE s.subscription_id = lock_subscription.subscription_id;
    END IF;
    RETURN v_subscription;
END $$;
COMMENT ON FUNCTION o365_internal.lock_subscription(bigint) IS
    'Locks a lane and its subscription, in this order, and returns the subscription; null when there is none. '
    'Everything that changes a subscription calls it first.';
