CREATE OR REPLACE FUNCTION o365_internal.is_web_address(url text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    -- A name, or an address of IPv6; then a port, and the rest.
    RETURN url ~* ('^https?://('
        || '[^[:space:][:cntrl:]\u0080-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000' COLLATE "C"
        || '!-,/:-@[-^`{-~]+'
        || '|\[[0-9a-f:.]+\])'
        || '(:([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?'
        || '([/?#][^[:space:][:cntrl:]\u0080-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*)?$' COLLATE "C");
END $$;
COMMENT ON FUNCTION o365_internal.is_web_address(text) IS
    'Whether it is an http or https URL with a host, without a user, blanks and control characters. What is one here '
    'is one for lib/http/web_address.cpp.';
