CREATE OR REPLACE FUNCTION o365_internal.grants_to_others()
RETURNS TABLE (object text, role text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
    WITH ours AS MATERIALIZED (
        SELECT n.oid, n.nspname, n.nspowner, n.nspacl FROM pg_catalog.pg_namespace AS n
         WHERE n.nspname IN ('o365', 'o365_programs', 'o365_internal')),
    granted (object, owner, acl) AS (
        SELECT format('SCHEMA %I', o.nspname), o.nspowner, o.nspacl FROM ours AS o
        UNION ALL
        SELECT format('%s %I.%I', CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, o.nspname, c.relname),
               c.relowner, c.relacl
          FROM pg_catalog.pg_class AS c JOIN ours AS o ON o.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S')
        UNION ALL
        SELECT format('TABLE %I.%I', o.nspname, c.relname), c.relowner, a.attacl
          FROM pg_catalog.pg_class AS c JOIN ours AS o ON o.oid = c.relnamespace
          JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attacl IS NOT NULL
        UNION ALL
        SELECT 'FUNCTION ' || p.oid::regprocedure, p.proowner, p.proacl FROM pg_catalog.pg_proc AS p JOIN ours AS o
            ON o.oid = p.pronamespace
        UNION ALL
        -- That PUBLIC may use a type is PostgreSQL's default, and opens nothing.
        SELECT format('TYPE %I.%I', o.nspname, t.typname), t.typowner,
               ARRAY(SELECT x FROM unnest(t.typacl) AS x WHERE NOT starts_with(x::text, '='))
          FROM pg_catalog.pg_type AS t JOIN ours AS o ON o.oid = t.typnamespace WHERE t.typrelid = 0 AND t.typelem = 0)
    SELECT DISTINCT g.object, CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END
      FROM granted AS g JOIN ours AS o ON o.nspname = 'o365_internal' AND o.nspowner = g.owner
     CROSS JOIN aclexplode(g.acl) AS a
     WHERE a.grantee <> g.owner
       AND NOT (pg_get_userbyid(o.nspowner) = 'o365_owner'
                AND pg_get_userbyid(a.grantee) IN ('o365_responder', 'o365_worker', 'o365_app', 'o365_operator',
                                                   'o365_sandbox')) $$;
COMMENT ON FUNCTION o365_internal.grants_to_others() IS
    'What is granted on the objects of this installation to roles that are not its own, as REVOKE and GRANT write '
    'them: by hand, or by somebody''s ALTER DEFAULT PRIVILEGES. Rights come by membership of our roles, so none of it '
    'is ours.';
