CREATE OR REPLACE FUNCTION o365_internal.registered_connector(slug text) RETURNS o365_internal.connector
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_connector o365_internal.connector := o365_internal.connector_by_slug(slug);
BEGIN
    IF v_connector.connector_id IS NULL THEN
        RAISE EXCEPTION 'there is no connector %', quote_nullable(slug)
            USING ERRCODE = 'undefined_object', HINT = 'select slug from o365.connectors lists them.';
    END IF;
    RETURN v_connector;
END $$;
COMMENT ON FUNCTION o365_internal.registered_connector(text) IS
    'The connector of that slug. Error: undefined_object when there is none, or it was removed.';
