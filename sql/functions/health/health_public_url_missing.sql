CREATE OR REPLACE FUNCTION o365_internal.health_public_url_missing() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'setting public_url', 'is not set', 'select o365.set(''public_url'', ''https://your.host'')',
           NULL::timestamptz, NULL::bigint, NULL
     WHERE o365_internal.text_setting('public_url') = '' $$;
COMMENT ON FUNCTION o365_internal.health_public_url_missing() IS
    'Nobody can connect, because the responder does not know its own address.';
