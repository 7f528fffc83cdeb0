CREATE OR REPLACE FUNCTION o365.connect_button(connector text) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_connector o365_internal.connector;
BEGIN
    SELECT c.* INTO v_connector FROM o365_internal.connector AS c WHERE c.slug = connect_button.connector AND c.removed_at IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no connector %', quote_nullable(connector)
            USING ERRCODE = 'undefined_object', HINT = 'select slug from o365.connectors lists them.';
    END IF;
    RETURN format('<a href="%s">Connect to Office 365</a>', o365_internal.html(coalesce(v_connector.landing_page,
        o365_internal.text_setting('public_url') || '/connect/' || v_connector.slug || '/')));
END $$;
COMMENT ON FUNCTION o365.connect_button(text) IS
    'The HTML snippet that leads to the connector''s landing page. For a signed-in user link to what o365.begin_connect returns instead. '
    'Error: undefined_object.';
