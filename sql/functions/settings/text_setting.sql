CREATE OR REPLACE FUNCTION o365_internal.text_setting(name text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT s.value FROM o365_internal.setting AS s WHERE s.name = $1);
END $$;
COMMENT ON FUNCTION o365_internal.text_setting(text) IS 'A setting''s value; null when there is none of that name.';
