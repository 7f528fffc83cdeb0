CREATE OR REPLACE FUNCTION o365_internal.connection_to_manage(subscription_id bigint) RETURNS o365_internal.subscription
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_subscription o365_internal.subscription;
BEGIN
    SELECT s.* INTO v_subscription FROM o365_internal.subscription AS s
     WHERE s.subscription_id = connection_to_manage.subscription_id;
    IF NOT FOUND OR NOT (o365_internal.may_use(v_subscription.connector_id) OR o365_internal.is_operator()) THEN
        RAISE EXCEPTION 'there is no connection % that role % may manage', coalesce(subscription_id::text, 'NULL'),
            session_user
            USING ERRCODE = 'insufficient_privilege', HINT = 'select * from o365.connections(app_user) lists them.';
    END IF;
    RETURN v_subscription;
END $$;
COMMENT ON FUNCTION o365_internal.connection_to_manage(bigint) IS
    'The subscription, if the session is the application''s or an operator''s. Error: insufficient_privilege, the same '
    'whether it exists or not.';
