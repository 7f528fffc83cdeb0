CREATE OR REPLACE FUNCTION o365_internal.outdated_server(version_num integer)
RETURNS TABLE (object text, problem text, next_step text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT format('PostgreSQL %s.%s', $1 / 10000, $1 % 10000),
           format('%s is not mended in it: %s', f.hole, f.matters),
           format('Update PostgreSQL to %s.%s or newer, and restart it.', f.major, f.minor)
      FROM o365_internal.server_floor AS f WHERE f.major = $1 / 10000 AND f.minor > $1 % 10000 $$;
COMMENT ON FUNCTION o365_internal.outdated_server(integer) IS
    'The known holes of a server of a version, as server_version_num has it: no row when it has none.';
