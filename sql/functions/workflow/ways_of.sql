CREATE OR REPLACE FUNCTION o365_internal.ways_of(ways text[]) RETURNS text[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN coalesce($1, CASE WHEN o365_internal.is_retired_connect_url(o365_internal.text_setting('connect_url'))
                             THEN '{workflow}' ELSE '{workflow,button}' END::text[]);
END $$;
COMMENT ON FUNCTION o365_internal.ways_of(text[]) IS
    'The ways in that a connector offers, from its column ways: what is registered, else workflow, and button where '
    'the setting connect_url leads to a page that is not switched off. SECURITY DEFINER for the views.';
