CREATE OR REPLACE FUNCTION o365_internal.moment(at timestamptz) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN to_char(nullif(at, 'infinity'), 'YYYY-MM-DD HH24:MI:SS');
END $$;
COMMENT ON FUNCTION o365_internal.moment(timestamptz) IS
    'A time as sentences write it, to the second, in the time zone of the session; null for null and for infinity.';
