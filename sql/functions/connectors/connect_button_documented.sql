CREATE OR REPLACE FUNCTION o365.connect_button_documented(connector text, state text DEFAULT 'myAppsState') RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_connector o365_internal.connector := o365_internal.registered_connector(connector);
BEGIN
    IF v_connector.require_state THEN
        RAISE NOTICE 'this button starts at Microsoft with a state that nobody handed out, and connector % requires '
                     'one: its callback refuses it. '
            'Use o365.connect_button, or register it with require_state => false', connector;
    ELSE
        RAISE NOTICE 'this button names no account, and whoever presses it is asked to confirm before anything is '
                     'posted. '
            'For users who are signed in, link to what o365.begin_connect returns';
    END IF;
    RETURN format('<a href="%s">'
                  '<img src="https://o365connectors.blob.core.windows.net/images/ConnectToO365Button.png" '
                  'alt="Connect to Office 365"></img></a>',
        o365_internal.html(format('%s?state=%s&app_id=%s&callback_url=%s', o365_internal.text_setting('connect_url'),
            o365_internal.url_encoded(state), v_connector.app_id, v_connector.callback_url)));
END $$;
COMMENT ON FUNCTION o365.connect_button_documented(text, text) IS
    'The snippet as Microsoft''s dashboard generated it, straight to the Connect page with a fixed state. It works '
    'only for connectors with require_state off, names no account, and its connections wait until they are confirmed; '
    'other connectors refuse it. A notice says which case applies. Error: undefined_object.';
