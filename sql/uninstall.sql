-- Removes o365-connector from the database psql is connected to, with everything in it:
--     psql -d yourdb -v remove=everything -f sql/uninstall.sql
-- Connections, waiting cards and history are gone afterwards. One transaction: all of it or nothing. Our roles go too, unless
-- another database of the cluster still uses them. Run it as the role that installed.
\ir psql.sql
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
  DO $$ BEGIN RAISE EXCEPTION 'this removes every connection, waiting card and all history of database %', current_database()
        USING HINT = 'If you want that: psql -d yourdb -v remove=everything -f sql/uninstall.sql. Nothing was changed.'; END $$;
\endif

BEGIN;
-- Whoever has a transaction open with our tables is not waited for.
SET LOCAL lock_timeout = '3s';
SELECT pg_get_userbyid(n.nspowner) = 'o365_owner' AS has_roles FROM pg_catalog.pg_namespace AS n
 WHERE n.nspname = 'o365_internal' \gset
SET LOCAL client_min_messages = warning;
DROP SCHEMA IF EXISTS o365 CASCADE;
DROP SCHEMA IF EXISTS o365_programs CASCADE;
DROP SCHEMA o365_internal CASCADE;
SET LOCAL client_min_messages = notice;
\if :has_roles
DO $$
DECLARE
    v_role name;
    v_detail text;
BEGIN
    FOREACH v_role IN ARRAY ARRAY['o365_responder', 'o365_worker', 'o365_app', 'o365_operator', 'o365_sandbox', 'o365_owner']::name[] LOOP
        IF to_regrole(v_role) IS NULL THEN
            CONTINUE;
        END IF;
        BEGIN
            EXECUTE format('DROP OWNED BY %I', v_role);
            EXECUTE format('DROP ROLE %I', v_role);
        EXCEPTION WHEN dependent_objects_still_exist THEN
            GET STACKED DIAGNOSTICS v_detail = PG_EXCEPTION_DETAIL;
            RAISE NOTICE 'role % stays: %', v_role, replace(v_detail, E'\n', ', ');
        END;
    END LOOP;
END $$;
\endif
COMMIT;
\echo 'Removed. Roles of your applications and operators are still there; drop them if nothing else uses them.'
