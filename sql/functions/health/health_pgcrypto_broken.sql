CREATE OR REPLACE FUNCTION o365_internal.health_pgcrypto_broken() RETURNS SETOF o365_internal.finding
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
    SELECT f.object, f.problem, f.next_step, NULL::timestamptz, NULL::bigint, NULL
      FROM o365_internal.server_findings() AS f WHERE f.severity = 'error' $$;
COMMENT ON FUNCTION o365_internal.health_pgcrypto_broken() IS
    'pgcrypto cannot be used, or a probe stands readable in what it seals.';
