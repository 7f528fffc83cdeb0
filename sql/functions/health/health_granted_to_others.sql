CREATE OR REPLACE FUNCTION o365_internal.health_granted_to_others() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'role ' || g.role, format('was granted privileges on %s, which only our own roles should have',
                                     o365_internal.plural(count(*), 'object', 'objects')),
           format('Run sql/install.sql again, which revokes it, or: REVOKE ALL ON %s FROM %s CASCADE', min(g.object),
                  g.role),
           NULL::timestamptz, count(*), min(g.object)
      FROM o365_internal.grants_to_others() AS g GROUP BY g.role $$;
COMMENT ON FUNCTION o365_internal.health_granted_to_others() IS
    'Roles that are not ours and were granted something here by hand, PUBLIC among them.';
