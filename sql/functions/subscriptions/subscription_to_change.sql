CREATE OR REPLACE FUNCTION o365_internal.subscription_to_change(subscription_id bigint)
RETURNS o365_internal.subscription
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    v_connector_id integer := (SELECT s.connector_id FROM o365_internal.subscription AS s
                                WHERE s.subscription_id = subscription_to_change.subscription_id);
BEGIN
    -- The same error whether it exists or not, and before anything is locked.
    IF NOT o365_internal.is_operator() AND (v_connector_id IS NULL OR NOT o365_internal.may_use(v_connector_id)) THEN
        RAISE EXCEPTION 'there is no connection % that role % may change', coalesce(subscription_id::text, 'NULL'),
            session_user
            USING ERRCODE = 'insufficient_privilege', HINT = 'select * from o365.connections(app_user) lists them.';
    END IF;
    RETURN o365_internal.locked_subscription(subscription_id);
END $$;
COMMENT ON FUNCTION o365_internal.subscription_to_change(bigint) IS
    'The subscription, locked, if the session is an operator or may use its connector. Errors: insufficient_privilege, '
    'and those of locked_subscription.';
