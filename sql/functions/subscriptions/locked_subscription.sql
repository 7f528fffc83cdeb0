CREATE OR REPLACE FUNCTION o365_internal.locked_subscription(subscription_id bigint) RETURNS o365_internal.subscription
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
    v_subscription o365_internal.subscription;
BEGIN
    BEGIN
        v_subscription := o365_internal.lock_subscription(subscription_id);
    EXCEPTION WHEN lock_not_available THEN
        PERFORM o365_internal.refuse_locked('subscription ' || subscription_id);
    END;
    IF v_subscription.subscription_id IS NULL THEN
        RAISE EXCEPTION 'there is no subscription %', coalesce(subscription_id::text, 'NULL')
            USING ERRCODE = 'undefined_object', HINT = 'select * from o365.subscriptions lists them.';
    END IF;
    RETURN v_subscription;
END $$;
COMMENT ON FUNCTION o365_internal.locked_subscription(bigint) IS
    'The subscription, locked as lock_subscription does. Errors: undefined_object; lock_not_available when another '
    'session has it for more than 5 s.';
