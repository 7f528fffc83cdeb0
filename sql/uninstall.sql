-- Removes o365-connector from the database psql is connected to, with everything in it:
--     psql -d yourdb -v remove=everything -f sql/uninstall.sql
-- Connections, waiting cards and history are gone afterwards. One transaction: all of it or nothing. Our roles go too,
-- unless another database of the cluster still uses them. Run it as the role that installed, or as a superuser. Objects
-- that others built on o365-connector, such as a view, are not removed: this stops and names them.
\ir psql.sql
-- The newest migration that this file knows, written by tests/sql/checksums --write.
\set version 40
SET client_min_messages = notice;

\if :{?remove}
\else
  \set remove ''
\endif
SELECT :'remove' <> 'everything' AS is_unsure, to_regnamespace('o365_internal') IS NULL AS is_absent \gset
\if :is_absent
  DO $$ BEGIN RAISE EXCEPTION 'database % has no o365-connector', current_database()
        USING HINT = 'Name the database: psql -d yourdb. Nothing was changed.'; END $$;
\endif
\if :is_unsure
  DO $$ BEGIN RAISE EXCEPTION 'this removes every connection, waiting card and all history of database %',
        current_database()
        USING HINT = 'If you want that: psql -d yourdb -v remove=everything -f sql/uninstall.sql. '
                     'Nothing was changed.'; END $$;
\endif

BEGIN;
-- Do not wait for an open transaction that uses our tables.
SET LOCAL lock_timeout = '3s';
-- Names are compared below.
SET LOCAL quote_all_identifiers = off;
SELECT pg_get_userbyid(n.nspowner) = 'o365_owner' AS has_roles, pg_get_userbyid(n.nspowner) AS owner,
       NOT pg_has_role(current_user, n.nspowner, 'USAGE') AS inherits_nothing
  FROM pg_catalog.pg_namespace AS n WHERE n.nspname = 'o365_internal' \gset
DO $$
DECLARE
    v_others text;
BEGIN
    -- The objects that DROP ... CASCADE would drop too. A view depends through its rule; a default, a trigger and a
    -- policy are parts of a table that stays.
    WITH RECURSIVE ours (classid, objid) AS (
        SELECT 'pg_catalog.pg_namespace'::regclass::oid, n.oid FROM pg_catalog.pg_namespace AS n
         WHERE n.nspname IN ('o365', 'o365_internal', 'o365_programs')
        UNION
        SELECT x.classid, x.objid
          FROM ours AS o
          JOIN pg_catalog.pg_depend AS d ON d.refclassid = o.classid AND d.refobjid = o.objid
          LEFT JOIN pg_catalog.pg_rewrite AS r ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND r.oid = d.objid
         CROSS JOIN LATERAL (SELECT d.classid, d.objid
                              UNION ALL
                             SELECT 'pg_catalog.pg_class'::regclass, r.ev_class WHERE r.oid IS NOT NULL)
               AS x (classid, objid))
    SELECT string_agg(DISTINCT format('%s %s', i.type, i.identity), ', ') INTO v_others
      FROM ours AS o
     CROSS JOIN pg_catalog.pg_identify_object(o.classid, o.objid, 0) AS i
      LEFT JOIN pg_catalog.pg_attrdef AS f ON o.classid = 'pg_catalog.pg_attrdef'::regclass AND f.oid = o.objid
      LEFT JOIN pg_catalog.pg_trigger AS t ON o.classid = 'pg_catalog.pg_trigger'::regclass AND t.oid = o.objid
      LEFT JOIN pg_catalog.pg_policy AS p ON o.classid = 'pg_catalog.pg_policy'::regclass AND p.oid = o.objid
      LEFT JOIN pg_catalog.pg_class AS c ON c.oid = coalesce(f.adrelid, t.tgrelid, p.polrelid)
     WHERE coalesce(c.relnamespace::regnamespace::text, i.schema)
           NOT IN ('o365', 'o365_internal', 'o365_programs', 'pg_toast')
       AND i.type NOT IN ('type', 'index') AND NOT coalesce(t.tgisinternal, false);
    IF v_others IS NOT NULL THEN
        RAISE EXCEPTION 'others have made something on top of o365-connector: %', v_others
            USING ERRCODE = 'dependent_objects_still_exist', HINT = 'Drop or change that first. Nothing was changed.';
    END IF;
END $$;
SET LOCAL client_min_messages = warning;
\if :inherits_nothing
  SET LOCAL ROLE :"owner";
\endif
SELECT max(m.number) > :version AS is_newer, set_config('o365.uninstall_schema', :'version', true) AS ignored
  FROM o365_internal.migration AS m \gset
\if :is_newer
  DO $$ BEGIN RAISE EXCEPTION 'the schema has version %, and this uninstall.sql is of version %',
        (SELECT max(m.number) FROM o365_internal.migration AS m), current_setting('o365.uninstall_schema')
        USING HINT = 'Take the uninstall.sql of that version or a newer one: what is older does not know what was '
                     'added since. Nothing was changed.'; END $$;
\endif
-- A transaction that is in the way is named, as in install.sql. subscription first, because every sender begins there.
SELECT set_config('o365.lock_mode', 'ACCESS EXCLUSIVE', true),
       set_config('o365.lock_relations', string_agg(c.oid::regclass::text, ' '
                                                    ORDER BY c.relname <> 'subscription', c.oid), true)
  FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE n.nspname IN ('o365', 'o365_programs', 'o365_internal') AND c.relkind IN ('r', 'p') AND NOT c.relispartition
 \g /dev/null
\ir lock.sql
DROP SCHEMA IF EXISTS o365 CASCADE;
DROP SCHEMA IF EXISTS o365_programs CASCADE;
DROP SCHEMA o365_internal CASCADE;
RESET ROLE;
SET LOCAL client_min_messages = notice;
\if :has_roles
DO $$
DECLARE
    v_role name;
    v_detail text;
BEGIN
    FOREACH v_role IN ARRAY ARRAY['o365_responder', 'o365_worker', 'o365_app', 'o365_operator', 'o365_sandbox',
                                  'o365_owner']::name[] LOOP
        IF to_regrole(v_role) IS NULL THEN
            CONTINUE;
        END IF;
        BEGIN
            -- Only a member of the role may drop what it owns and was granted. The creator of the role can make itself
            -- a member.
            IF NOT pg_has_role(current_user, v_role, 'USAGE') THEN
                EXECUTE format('GRANT %I TO %I %s', v_role, current_user,
                               CASE WHEN current_setting('server_version_num')::integer >= 160000
                                    THEN 'WITH INHERIT TRUE, SET TRUE' END);
            END IF;
            IF NOT pg_has_role(current_user, v_role, 'USAGE') THEN
                PERFORM set_config('role', v_role, true);
            END IF;
            EXECUTE format('DROP OWNED BY %I', v_role);
            PERFORM set_config('role', 'none', true);
            EXECUTE format('DROP ROLE %I', v_role);
        EXCEPTION WHEN dependent_objects_still_exist OR insufficient_privilege THEN
            GET STACKED DIAGNOSTICS v_detail = PG_EXCEPTION_DETAIL;
            RAISE NOTICE 'role % stays: %', v_role, replace(coalesce(nullif(v_detail, ''), SQLERRM), E'\n', ', ');
        END;
    END LOOP;
END $$;
\endif
COMMIT;
\echo 'Removed. Roles of your applications and operators are still there; drop them if nothing else uses them.'
