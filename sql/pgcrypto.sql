-- Prepares pgcrypto before the tables are created: creates it if it is missing, and lets the owner of this installation
-- use it. An existing pgcrypto is used as it is; a new one is created in a schema of our own. Runs as the installing
-- role, because the owner may grant nothing here.
SELECT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'pgcrypto') AS has_pgcrypto \gset
\if :has_pgcrypto
\else
  CREATE EXTENSION pgcrypto WITH SCHEMA o365_internal;
\endif
DO $$
DECLARE
    v_owner oid := (SELECT n.nspowner FROM pg_catalog.pg_namespace AS n WHERE n.nspname = 'o365_internal');
    v_functions oid[] := ARRAY(SELECT d.objid FROM pg_catalog.pg_depend AS d
                                 JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid
                                WHERE d.classid = 'pg_catalog.pg_proc'::regclass
                                  AND d.refclassid = 'pg_catalog.pg_extension'::regclass
                                  AND d.deptype = 'e' AND e.extname = 'pgcrypto');
    v_revoke record;
    v_grant text;
    v_missing text[];
BEGIN
    -- Only we use this one. Runs as the superuser who owns the functions; for any other role the REVOKE would only
    -- warn.
    IF (SELECT r.rolsuper FROM pg_catalog.pg_roles AS r WHERE r.rolname = current_user) THEN
        FOR v_revoke IN SELECT DISTINCT p.oid::regprocedure AS f,
                               CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END AS role
                          FROM pg_catalog.pg_proc AS p
                         CROSS JOIN aclexplode(coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))) AS a
                         WHERE p.oid = ANY (v_functions) AND p.pronamespace = 'o365_internal'::regnamespace
                           AND a.grantee NOT IN (p.proowner, v_owner)
        LOOP
            EXECUTE format('REVOKE ALL ON FUNCTION %s FROM %s CASCADE', v_revoke.f, v_revoke.role);
        END LOOP;
    END IF;
    FOR v_try IN 1 .. 2 LOOP
        v_missing := ARRAY(
            SELECT format('GRANT USAGE ON SCHEMA %I TO %s', n.nspname, v_owner::regrole)
              FROM pg_catalog.pg_namespace AS n
             WHERE n.oid IN (SELECT p.pronamespace FROM pg_catalog.pg_proc AS p WHERE p.oid = ANY (v_functions))
               AND NOT has_schema_privilege(v_owner, n.oid, 'USAGE')
            UNION ALL
            SELECT format('GRANT EXECUTE ON FUNCTION %I.%I(%s) TO %s', n.nspname, p.proname,
                          pg_get_function_identity_arguments(p.oid), v_owner::regrole)
              FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
             WHERE p.oid = ANY (v_functions) AND NOT has_function_privilege(v_owner, p.oid, 'EXECUTE')
               AND p.proname IN ('gen_random_bytes', 'hmac', 'pgp_key_id', 'pgp_pub_encrypt', 'pgp_sym_encrypt'));
        EXIT WHEN v_missing = '{}';
        IF v_try = 2 THEN
            RAISE EXCEPTION 'role % may not use the pgcrypto of database %', v_owner::regrole, current_database()
                USING ERRCODE = 'insufficient_privilege',
                      HINT = format('A superuser can allow it: %s. Nothing was changed.',
                                    array_to_string(v_missing, '; '));
        END IF;
        FOREACH v_grant IN ARRAY v_missing LOOP
            BEGIN
                EXECUTE v_grant;
            EXCEPTION WHEN insufficient_privilege THEN
                -- A role that may grant other privileges but not this one gets a warning instead.
                NULL;
            END;
        END LOOP;
    END LOOP;
END $$;
