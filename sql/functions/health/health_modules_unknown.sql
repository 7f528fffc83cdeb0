CREATE OR REPLACE FUNCTION o365_internal.health_modules_unknown() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'setting shared_preload_libraries',
           format('role %s may not see which modules the server has loaded, so it is not known which of them log what '
                  'the server does',
                  current_user),
           'Ask the host which modules run, or for: GRANT pg_read_all_settings TO ' || quote_ident(current_user),
           NULL::timestamptz, NULL::bigint, NULL
     WHERE NOT o365_internal.has_roles() AND NOT pg_has_role(current_user, 'pg_read_all_settings', 'USAGE') $$;
COMMENT ON FUNCTION o365_internal.health_modules_unknown() IS
    'In an installation under one role: nobody can tell which modules the server has loaded.';
