CREATE OR REPLACE FUNCTION o365_internal.few_deliveries() RETURNS SETOF o365_internal.delivery
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY SELECT x.* FROM o365_internal.delivery AS x
        WHERE x.subscription_id = ANY (o365_internal.few_subscriptions());
END $$;
COMMENT ON FUNCTION o365_internal.few_deliveries() IS
    'The rows of delivery of few_subscriptions(); none for whoever sees many.';
