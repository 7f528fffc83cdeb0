CREATE OR REPLACE FUNCTION o365_internal.health_role_inherits_nothing() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'application ' || a.role,
           format('is a member of %s and inherits none of its rights: what it calls ends with "permission denied for '
                  'schema o365"', g.name),
           CASE WHEN current_setting('server_version_num')::integer >= 160000
               THEN format('GRANT %I TO %I WITH INHERIT TRUE', g.name, a.role)
                ELSE format('ALTER ROLE %I INHERIT', a.role) END
                    || format(', unless it begins with SET ROLE %I', g.name),
           min(a.granted_at), count(*), 'connector ' || min(c.slug)
      FROM (SELECT CASE WHEN o365_internal.has_roles() THEN 'o365_app' ELSE current_user END AS name) AS g
     CROSS JOIN o365_internal.application AS a
      JOIN pg_catalog.pg_roles AS r ON r.rolname = a.role
      JOIN o365_internal.connector AS c ON c.connector_id = a.connector_id
     WHERE pg_has_role(r.oid, g.name, 'MEMBER') AND NOT pg_has_role(r.oid, g.name, 'USAGE') GROUP BY g.name, a.role $$;
COMMENT ON FUNCTION o365_internal.health_role_inherits_nothing() IS
    'Applications that are members of o365_app and have none of its rights.';
