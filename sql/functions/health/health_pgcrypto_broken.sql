CREATE OR REPLACE FUNCTION o365_internal.health_pgcrypto_broken() RETURNS SETOF o365_internal.finding
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'pgcrypto', p.problem, p.next_step, NULL::timestamptz, NULL::bigint, NULL
      FROM o365_internal.pgcrypto_problem() AS p WHERE p.problem IS NOT NULL $$;
COMMENT ON FUNCTION o365_internal.health_pgcrypto_broken() IS
    'pgcrypto cannot be used, or a probe stands readable in what it seals.';
