CREATE OR REPLACE FUNCTION o365_internal.logo_type(logo bytea) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN CASE WHEN substr($1, 1, 8) = '\x89504e470d0a1a0a' THEN 'image/png'
                WHEN substr($1, 1, 3) = '\xffd8ff' THEN 'image/jpeg'
                WHEN substr($1, 1, 6) IN ('\x474946383761', '\x474946383961') THEN 'image/gif' END;
END $$;
COMMENT ON FUNCTION o365_internal.logo_type(bytea) IS
    'Media type of a picture by its own first bytes; null unless png, jpeg or gif.';
