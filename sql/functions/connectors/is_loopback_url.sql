-- This function and is_https_url accept exactly what browsers accept: no control character, no port 0 or above 65535,
-- and no host that a browser reads as a number (WHATWG URL 3.5: its last label is one) unless it is an IPv4 address in
-- its usual form.
CREATE OR REPLACE FUNCTION o365_internal.is_loopback_url(url text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN coalesce($1 ~* (
        '^https?://(localhost|([a-z0-9-]+\.)+localhost|127(\.(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])){3}|\[::1\])'
        '(:0*(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3}))?'
        '([/?][^[:space:]\u0001-\u001f\u007f]*)?$' COLLATE "C"), false);
END $$;
COMMENT ON FUNCTION o365_internal.is_loopback_url(text) IS 'Whether an http or https URL lies on this machine.';
