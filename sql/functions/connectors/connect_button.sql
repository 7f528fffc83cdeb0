CREATE OR REPLACE FUNCTION o365.connect_button(connector text) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_connector o365_internal.connector := o365_internal.registered_connector(connector);
BEGIN
    RETURN format('<a href="%s">Connect to Office 365</a>', o365_internal.html(coalesce(v_connector.landing_page,
        o365_internal.text_setting('public_url') || '/connect/' || v_connector.slug || '/')));
END $$;
COMMENT ON FUNCTION o365.connect_button(text) IS
    'The HTML snippet that leads to the connector''s landing page. For a signed-in user link to what '
    'o365.begin_connect returns instead. Error: undefined_object.';
