CREATE OR REPLACE FUNCTION o365_internal.application_settings(setting text)
RETURNS TABLE (object text, statement text, value text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN s.setrole = 0 THEN 'database ' || current_database() ELSE 'role ' || r.rolname END,
           CASE WHEN s.setrole = 0 THEN format('ALTER DATABASE %I', current_database())
                WHEN s.setdatabase = 0 THEN format('ALTER ROLE %I', r.rolname)
                ELSE format('ALTER ROLE %I IN DATABASE %I', r.rolname, current_database()) END,
           substr(c.pair, length($1) + 2)
      FROM pg_catalog.pg_db_role_setting AS s
      LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = s.setrole
     CROSS JOIN LATERAL unnest(s.setconfig) AS c (pair)
     WHERE s.setdatabase IN (0, (SELECT b.oid FROM pg_catalog.pg_database AS b WHERE b.datname = current_database()))
       AND starts_with(c.pair, $1 || '=')
       AND (s.setrole = 0 OR EXISTS (SELECT FROM o365_internal.application AS a WHERE a.role = r.rolname))
    UNION ALL
    SELECT 'server', 'ALTER SYSTEM', g.reset_val FROM pg_catalog.pg_settings AS g
     WHERE g.name = $1 AND g.source IN ('configuration file', 'command line') $$;
COMMENT ON FUNCTION o365_internal.application_settings(text) IS
    'Where a setting (in lower case) is set for sessions of applications: the server, this database, a role that may '
    'send; with the beginning of the statement that sets it, and its value as it was written.';
