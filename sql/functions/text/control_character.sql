CREATE OR REPLACE FUNCTION o365_internal.control_character(value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN substring(value FROM '[\u0001-\u001f\u007f-\u009f]' COLLATE "C");
END $$;
COMMENT ON FUNCTION o365_internal.control_character(text) IS
    'The first control character of a text, line ends and tabs among them; null for none.';
