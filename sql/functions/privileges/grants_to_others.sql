CREATE OR REPLACE FUNCTION o365_internal.grants_to_others()
RETURNS TABLE (object text, role text)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
    WITH ours AS MATERIALIZED (
        SELECT n.oid, n.nspname, n.nspowner, n.nspacl FROM pg_catalog.pg_namespace AS n
         WHERE n.nspname IN ('o365', 'o365_programs', 'o365_internal')),
    granted (class, object, owner, acl) AS (
        SELECT 'pg_namespace'::regclass, o.oid, o.nspowner, o.nspacl FROM ours AS o
        UNION ALL
        SELECT 'pg_class', c.oid, c.relowner, c.relacl
          FROM pg_catalog.pg_class AS c JOIN ours AS o ON o.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S')
        UNION ALL
        SELECT 'pg_class', c.oid, c.relowner, a.attacl
          FROM pg_catalog.pg_class AS c JOIN ours AS o ON o.oid = c.relnamespace
          JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attacl IS NOT NULL
        UNION ALL
        SELECT 'pg_proc', p.oid, p.proowner, p.proacl
          FROM pg_catalog.pg_proc AS p JOIN ours AS o ON o.oid = p.pronamespace
        UNION ALL
        -- PUBLIC may use types by PostgreSQL's default, which gives access to nothing.
        SELECT 'pg_type', t.oid, t.typowner,
               ARRAY(SELECT x FROM unnest(t.typacl) AS x WHERE NOT starts_with(x::text, '='))
          FROM pg_catalog.pg_type AS t JOIN ours AS o ON o.oid = t.typnamespace WHERE t.typrelid = 0 AND t.typelem = 0),
    own AS MATERIALIZED (
        SELECT array_remove(CASE WHEN pg_get_userbyid(o.nspowner) = 'o365_owner'
                                 THEN ARRAY[to_regrole('o365_responder'), to_regrole('o365_worker'),
                                            to_regrole('o365_app'), to_regrole('o365_operator'),
                                            to_regrole('o365_sandbox')]::oid[] END || o.nspowner, NULL) AS roles,
               o.nspowner AS owner
          FROM ours AS o WHERE o.nspname = 'o365_internal'),
    -- Names are made only for the few that are left: for all objects that would take most of the time.
    others AS MATERIALIZED (
        SELECT DISTINCT g.class, g.object, a.grantee
          FROM granted AS g JOIN own AS o ON o.owner = g.owner
         CROSS JOIN aclexplode(g.acl) AS a
         WHERE a.grantee <> ALL (o.roles))
    SELECT CASE i.type WHEN 'schema' THEN 'SCHEMA' WHEN 'sequence' THEN 'SEQUENCE' WHEN 'function' THEN 'FUNCTION'
                       WHEN 'type' THEN 'TYPE' ELSE 'TABLE' END || ' ' || i.identity,
           CASE WHEN g.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END
      FROM others AS g CROSS JOIN pg_identify_object(g.class, g.object, 0) AS i $$;
COMMENT ON FUNCTION o365_internal.grants_to_others() IS
    'What is granted on the objects of this installation to roles that are not its own, as REVOKE and GRANT write '
    'them: by hand, or by somebody''s ALTER DEFAULT PRIVILEGES. Rights come by membership of our roles, so none of it '
    'is ours.';
