CREATE OR REPLACE FUNCTION o365_internal.url_encoded(value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    -- Once, and not for each byte.
    v_bytes constant bytea := convert_to(value, 'UTF8');
BEGIN
    RETURN (SELECT coalesce(string_agg(CASE WHEN b BETWEEN 48 AND 57 OR b BETWEEN 65 AND 90 OR b BETWEEN 97 AND 122
                                    OR b IN (45, 46, 95, 126)
                                    THEN chr(b) ELSE '%' || upper(lpad(to_hex(b), 2, '0')) END, '' ORDER BY i), '')
      FROM (SELECT i, get_byte(v_bytes, i) AS b FROM generate_series(0, octet_length(v_bytes) - 1) AS i) AS bytes);
END $$;
COMMENT ON FUNCTION o365_internal.url_encoded(text) IS
    'Text for a URL''s query: all but RFC 3986 unreserved characters as %XX.';
