CREATE OR REPLACE FUNCTION o365_internal.health_database_open_to_all() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'database ' || d.datname, 'every role of this server may connect to it, and call what PUBLIC may',
           format('REVOKE CONNECT, TEMPORARY ON DATABASE %I FROM PUBLIC, then grant CONNECT to your other roles.',
                  d.datname),
           NULL::timestamptz, NULL::bigint, NULL
      FROM pg_catalog.pg_database AS d
     WHERE NOT o365_internal.has_roles() AND d.datname = current_database()
       AND EXISTS (SELECT FROM aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) AS x
                    WHERE x.grantee = 0 AND x.privilege_type = 'CONNECT') $$;
COMMENT ON FUNCTION o365_internal.health_database_open_to_all() IS
    'In an installation under one role: PUBLIC may connect to the database.';
