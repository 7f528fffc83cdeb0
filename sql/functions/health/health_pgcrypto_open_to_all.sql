CREATE OR REPLACE FUNCTION o365_internal.health_pgcrypto_open_to_all() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'pgcrypto', 'may be called by every role of this database',
           format('A superuser can change that: REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA %s FROM PUBLIC, then grant '
                  'it on them to the owner of o365_internal and to other roles that need it.',
                  p.pronamespace::regnamespace),
           NULL::timestamptz, NULL::bigint, NULL
      FROM pg_catalog.pg_proc AS p
      JOIN pg_catalog.pg_depend AS d ON d.objid = p.oid AND d.classid = 'pg_catalog.pg_proc'::regclass
          AND d.deptype = 'e'
      JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'pgcrypto'
     WHERE p.proname = 'pgp_sym_decrypt' AND p.pronargs = 2
       AND EXISTS (SELECT FROM aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS x WHERE x.grantee = 0) $$;
COMMENT ON FUNCTION o365_internal.health_pgcrypto_open_to_all() IS 'PUBLIC may call pgcrypto.';
