CREATE OR REPLACE FUNCTION o365_internal.server_findings(
    version_num integer DEFAULT current_setting('server_version_num')::integer)
RETURNS TABLE (severity text, object text, problem text, next_step text)
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'warning', f.object, f.problem, f.next_step FROM o365_internal.outdated_server($1) AS f
    UNION ALL
    SELECT 'error', 'pgcrypto', p.problem, p.next_step FROM o365_internal.pgcrypto_problem() AS p
     WHERE p.problem IS NOT NULL $$;
COMMENT ON FUNCTION o365_internal.server_findings(integer) IS
    'What is wrong with a server of a version, as server_version_num has it, in the shape of o365.health(): known '
    'holes, and a pgcrypto that does not seal.';
