CREATE OR REPLACE FUNCTION o365_internal.may_see(subscription_id bigint) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN subscription_id IS NOT NULL
       AND (o365_internal.is_operator()
            OR coalesce(o365_internal.may_use((SELECT s.connector_id FROM o365_internal.subscription AS s
                                                WHERE s.subscription_id = may_see.subscription_id)), false));
END $$;
COMMENT ON FUNCTION o365_internal.may_see(bigint) IS
    'Whether the session may see what is of a subscription: an operator all, an application what is of connectors that '
    'it may use. False for null.';
