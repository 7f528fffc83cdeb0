CREATE OR REPLACE FUNCTION o365_internal.health_server_outdated() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT f.object, f.problem, f.next_step, NULL::timestamptz, NULL::bigint, NULL
      FROM o365_internal.outdated_server(current_setting('server_version_num')::integer) AS f $$;
COMMENT ON FUNCTION o365_internal.health_server_outdated() IS
    'The server''s version has a known hole that matters here.';
