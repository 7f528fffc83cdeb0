CREATE OR REPLACE FUNCTION o365_internal.few_events() RETURNS SETOF o365_internal.event
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN QUERY SELECT x.* FROM o365_internal.event AS x
        WHERE x.connector_id = ANY (o365_internal.few_event_connectors());
END $$;
COMMENT ON FUNCTION o365_internal.few_events() IS
    'The rows of event of few_event_connectors(); none for whoever sees many.';
