CREATE OR REPLACE FUNCTION o365_internal.integer_setting(name text) RETURNS integer
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT s.value::integer FROM o365_internal.setting AS s WHERE s.name = $1);
END $$;
COMMENT ON FUNCTION o365_internal.integer_setting(text) IS
    'A setting''s value as a number; null when there is none of that name.';
