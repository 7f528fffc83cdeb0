CREATE OR REPLACE FUNCTION o365_internal.leads_back(callback_url text, public_url text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN $2 = '' OR $1 ~ '/connect/[^/]+/callback/?$'
                      AND lower(substring($1 FROM '^[^/]*//[^/]*') COLLATE "C") = lower(substring($2
                          FROM '^[^/]*//[^/]*') COLLATE "C");
END $$;
COMMENT ON FUNCTION o365_internal.leads_back(text, text) IS
    'Whether a callback URL comes back to the pages below public_url: the same host, on which the browser has its '
    'cookie, and the path of a callback.';
