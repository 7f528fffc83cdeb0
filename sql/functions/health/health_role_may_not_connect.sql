CREATE OR REPLACE FUNCTION o365_internal.health_role_may_not_connect() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'role ' || r.rolname, format('may not connect to database %s', current_database()),
           format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), r.rolname), NULL::timestamptz, NULL::bigint,
           NULL
      FROM pg_catalog.pg_roles AS r
     WHERE (o365_internal.has_roles() AND r.rolname IN ('o365_responder', 'o365_worker')
            OR EXISTS (SELECT FROM o365_internal.application AS a WHERE a.role = r.rolname))
       AND NOT has_database_privilege(r.oid, current_database(), 'CONNECT') $$;
COMMENT ON FUNCTION o365_internal.health_role_may_not_connect() IS
    'Our programs'' roles, and applications, that the database does not let in.';
