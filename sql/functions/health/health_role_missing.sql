CREATE OR REPLACE FUNCTION o365_internal.health_role_missing() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'application ' || a.role, 'may use a connector but no longer exists: a new role of that name would inherit '
           'the right',
           format('select o365.revoke_application(%L, %L)', a.role, min(c.slug)), NULL::timestamptz, count(*),
           'connector ' || min(c.slug)
      FROM o365_internal.application AS a JOIN o365_internal.connector AS c ON c.connector_id = a.connector_id
     WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles AS r WHERE r.rolname = a.role) GROUP BY a.role $$;
COMMENT ON FUNCTION o365_internal.health_role_missing() IS
    'Applications that were granted a connector and whose role was dropped.';
