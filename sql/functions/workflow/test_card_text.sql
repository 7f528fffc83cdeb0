CREATE OR REPLACE FUNCTION o365_internal.test_card_text(card text, connector_name text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- As a part of a JSON string, without the quotation marks around it.
    RETURN replace(card, '{connector}', btrim(to_json(o365.markdown_escape(connector_name))::text, '"'));
END $$;
COMMENT ON FUNCTION o365_internal.test_card_text(text, text) IS
    'The JSON of a test card with the connector''s name in place of {connector}.';
