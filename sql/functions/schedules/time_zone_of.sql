CREATE OR REPLACE FUNCTION o365_internal.time_zone_of(time_zone text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- Some systems have a second copy of each zone in other directories.
    RETURN (SELECT z.name FROM pg_catalog.pg_timezone_names AS z
             WHERE lower(z.name COLLATE "C") = lower(btrim(time_zone_of.time_zone) COLLATE "C")
               AND z.name !~ '^(posix|right)/' AND z.name NOT IN ('localtime', 'posixrules', 'Factory') LIMIT 1);
END $$;
COMMENT ON FUNCTION o365_internal.time_zone_of(text) IS
    'A time zone as IANA writes it, whatever the case; null where this server has none of that name. Reads all zones: '
    'some milliseconds.';
