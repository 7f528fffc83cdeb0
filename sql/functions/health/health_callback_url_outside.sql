CREATE OR REPLACE FUNCTION o365_internal.health_callback_url_outside() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'connector ' || c.slug,
           format('its callback URL %s is not below public_url, so it does not get the browser''s cookie',
                  c.callback_url),
           'Register it again without callback_url, and change the redirect URL at Microsoft.', c.changed_at,
           NULL::bigint, NULL
      FROM o365_internal.connector AS c
     WHERE o365_internal.text_setting('public_url') <> '' AND c.removed_at IS NULL
       AND NOT starts_with(c.callback_url, o365_internal.text_setting('public_url') || '/') $$;
COMMENT ON FUNCTION o365_internal.health_callback_url_outside() IS 'Connectors whose redirect URL is another site''s.';
