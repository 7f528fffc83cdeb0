-- The sandbox's tables and functions, Microsoft's side for development. Load it after install.sql, and never into a
-- database with real users:
--   psql -d yourdb -f sql/sandbox.sql
-- It can be run again. It stores hashes of the webhooks it hands out, never a webhook, a state, an object id or a
-- token.
\ir psql.sql
-- Its data is for experiments: tables of an older version are dropped, not migrated. A newer version is not touched.
\set version 8
BEGIN;
SELECT (SELECT pg_get_userbyid(n.nspowner) FROM pg_catalog.pg_namespace AS n
         WHERE n.nspname = 'o365_internal') AS owner,
       to_regclass('o365_internal.sandbox_setting') IS NOT NULL AS is_there \gset
SET LOCAL ROLE :"owner";
SET LOCAL search_path = pg_catalog, pg_temp;
SET LOCAL check_function_bodies = off;
\if :is_there
    SELECT coalesce(max(s.value::integer), 0) < :version AS is_old, max(s.value::integer) > :version AS is_newer,
           set_config('o365.install_sandbox', :'version', true) AS ignored
      FROM o365_internal.sandbox_setting AS s WHERE s.name = 'version' \gset
\else
    \set is_old false
    \set is_newer false
\endif
\if :is_newer
    DO $$ BEGIN RAISE EXCEPTION 'the sandbox has version %, and this sandbox.sql is of version %',
            (SELECT s.value FROM o365_internal.sandbox_setting AS s WHERE s.name = 'version'),
            current_setting('o365.install_sandbox')
            USING HINT = 'Load the sandbox.sql of that version or a newer one. Nothing was changed.'; END $$;
\endif
\if :is_old
    \echo 'The sandbox had tables of an older version: what it held is dropped.'
    SET LOCAL client_min_messages = warning;
    DO $$
    DECLARE
        v_object record;
    BEGIN
        FOR v_object IN SELECT c.oid::regclass AS t FROM pg_catalog.pg_class AS c
                         WHERE c.relnamespace = 'o365_internal'::regnamespace AND c.relkind = 'r'
                           AND c.relname ~ '^sandbox_' LOOP
            EXECUTE format('DROP TABLE %s CASCADE', v_object.t);
        END LOOP;
    END $$;
\endif
-- Functions are created anew, so that none with other parameters remains.
DO $$
DECLARE
    v_function regprocedure;
BEGIN
    FOR v_function IN SELECT p.oid::regprocedure FROM pg_catalog.pg_proc AS p
                       WHERE p.pronamespace IN ('o365'::regnamespace, 'o365_programs'::regnamespace,
                                                'o365_internal'::regnamespace)
                         AND p.proname ~ '^sandbox_' LOOP
        EXECUTE format('DROP FUNCTION %s CASCADE', v_function);
    END LOOP;
END $$;
SELECT to_regclass('o365_internal.sandbox_setting') IS NULL AS is_new \gset
\if :is_new
    \ir sandbox/tables.sql
    INSERT INTO o365_internal.sandbox_setting
        VALUES ('version', :'version'), ('webhook_origin', 'https://contoso.webhook.localhost:8443'),
        ('flow_origin', 'https://flow.localhost:8443'), ('slow_origin', ''), ('keep_posts', '100000'),
        ('keep_megabytes', '500');
\endif
\ir sandbox/settings.sql
\ir sandbox/dashboard.sql
\ir sandbox/store.sql
\ir sandbox/flows.sql
\ir sandbox/tenant.sql
\ir sandbox/embedded.sql
\ir sandbox/faults.sql
\ir sandbox/feed.sql
\ir sandbox/playground.sql
\ir sandbox/preflight.sql

DO $$
DECLARE
    v_function record;
BEGIN
    FOR v_function IN SELECT p.oid::regprocedure AS f, p.pronamespace = 'o365_programs'::regnamespace AS is_called
                        FROM pg_catalog.pg_proc AS p
                       WHERE p.pronamespace IN ('o365_programs'::regnamespace, 'o365_internal'::regnamespace)
                         AND p.proname ~ '^sandbox_' LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', v_function.f);
        IF v_function.is_called AND o365_internal.has_roles() THEN
            EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO o365_sandbox', v_function.f);
        END IF;
    END LOOP;
    IF o365_internal.has_roles() THEN
        GRANT USAGE ON SCHEMA o365_programs TO o365_sandbox;
        -- The schema of its functions in earlier versions.
        REVOKE USAGE ON SCHEMA o365 FROM o365_sandbox;
    END IF;
END $$;
COMMIT;
