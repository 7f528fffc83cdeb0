SELECT format($f$
CREATE OR REPLACE FUNCTION o365_internal.random_token() RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $b$
BEGIN
    RETURN translate(encode(%1$I.gen_random_bytes(32), 'base64'), '+/=', '-_');
END $b$
$f$, :'pgcrypto') \gexec
COMMENT ON FUNCTION o365_internal.random_token() IS '256 random bits in base64url, 43 characters.';
