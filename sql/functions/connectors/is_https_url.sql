CREATE OR REPLACE FUNCTION o365_internal.is_https_url(url text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN coalesce(length($1) <= 2048
        AND $1 ~* ('^https://(([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z]([a-z0-9-]*[a-z0-9])?'
        '|(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(\.(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])){3})'
        '(:0*(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3}))?'
        '([/?][^[:space:]\u0001-\u001f\u007f]*)?$' COLLATE "C"), false);
END $$;
COMMENT ON FUNCTION o365_internal.is_https_url(text) IS
    'Whether it is an https URL that browsers take, with a host, without user, blanks and control characters.';
