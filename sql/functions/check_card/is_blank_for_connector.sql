CREATE OR REPLACE FUNCTION o365_internal.is_blank_for_connector(value text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN coalesce(value, '')
           !~ '[^[:space:]\u0080-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]' COLLATE "C";
END $$;
COMMENT ON FUNCTION o365_internal.is_blank_for_connector(text) IS
    'Whether a connector webhook takes a text for none: null, or nothing but blanks as .NET knows them. What has no '
    'width is none of them (is_seen).';
