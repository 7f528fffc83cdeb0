CREATE OR REPLACE FUNCTION o365_internal.few_card_warnings() RETURNS SETOF o365_internal.card_warning
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY SELECT x.* FROM o365_internal.card_warning AS x
        WHERE x.subscription_id = ANY (o365_internal.few_subscriptions());
END $$;
COMMENT ON FUNCTION o365_internal.few_card_warnings() IS
    'The rows of card_warning of few_subscriptions(); none for whoever sees many.';
