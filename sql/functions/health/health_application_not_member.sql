CREATE OR REPLACE FUNCTION o365_internal.health_application_not_member() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'application ' || a.role,
           'may use a connector but is not a member of o365_app, so it may call nothing; this happens after a dump was '
           'restored',
           format('GRANT o365_app TO %I', a.role), min(a.granted_at), count(*), 'connector ' || min(c.slug)
      FROM o365_internal.application AS a
      JOIN pg_catalog.pg_roles AS r ON r.rolname = a.role
      JOIN o365_internal.connector AS c ON c.connector_id = a.connector_id
     WHERE o365_internal.has_roles() AND NOT pg_has_role(r.oid, 'o365_app', 'MEMBER') GROUP BY a.role $$;
COMMENT ON FUNCTION o365_internal.health_application_not_member() IS
    'Applications with a grant that are not members of o365_app.';
