CREATE OR REPLACE FUNCTION o365_internal.health_isolation() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The programs set their own.
    SELECT d.object,
           format('has default_transaction_isolation = %s: transactions that call o365.send can fail with 40001, '
                  'could not serialize '
                            'access, and have to be repeated', d.value),
           format('%s SET default_transaction_isolation = ''read committed'', unless the application repeats what '
                  'fails', d.statement),
           NULL::timestamptz, NULL::bigint, NULL
      FROM (SELECT CASE WHEN s.setrole = 0 THEN 'database ' || current_database()
                   ELSE 'role ' || r.rolname END AS object,
                   CASE WHEN s.setrole = 0 THEN format('ALTER DATABASE %I', current_database())
                        WHEN s.setdatabase = 0 THEN format('ALTER ROLE %I', r.rolname)
                        ELSE format('ALTER ROLE %I IN DATABASE %I', r.rolname, current_database()) END AS statement,
                   substr(c.setting, 31) AS value
              FROM pg_catalog.pg_db_role_setting AS s
              LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = s.setrole
             CROSS JOIN LATERAL unnest(s.setconfig) AS c (setting)
             WHERE s.setdatabase IN (0, (SELECT b.oid FROM pg_catalog.pg_database AS b
                                          WHERE b.datname = current_database()))
               AND starts_with(c.setting, 'default_transaction_isolation=')
               AND (s.setrole = 0 OR EXISTS (SELECT FROM o365_internal.application AS a WHERE a.role = r.rolname))
            UNION ALL
            SELECT 'server', 'ALTER SYSTEM', g.reset_val FROM pg_catalog.pg_settings AS g
             WHERE g.name = 'default_transaction_isolation' AND g.source IN ('configuration file', 'command line')) AS d
     WHERE d.value <> 'read committed' $$;
COMMENT ON FUNCTION o365_internal.health_isolation() IS
    'Applications whose transactions are not READ COMMITTED by default.';
