-- Creates or upgrades o365-connector in the database psql is connected to:   psql -d yourdb -f sql/install.sql
-- One transaction: all of it or nothing. Running it again changes nothing. It waits for a lock for at most three
-- seconds, and names the session that holds it. Run it as a superuser, or as the database's owner: steps that the role
-- may not do are reported and left out, and o365.health() lists the consequences.
\ir psql.sql
SET client_min_messages = notice;

SELECT current_setting('server_version_num')::int < 140000 AS too_old,
       current_setting('server_encoding') <> 'UTF8' AS not_utf8,
       current_setting('transaction_read_only')::boolean AS read_only,
       EXISTS (SELECT FROM pg_catalog.pg_namespace AS n
                WHERE n.nspname IN ('o365', 'o365_programs') AND n.nspowner IS DISTINCT FROM
                      (SELECT i.nspowner FROM pg_catalog.pg_namespace AS i
                        WHERE i.nspname = 'o365_internal')) AS name_is_taken,
       NOT has_database_privilege(current_user, current_database(), 'CREATE') AS may_not,
       EXISTS (SELECT FROM pg_catalog.pg_roles
                WHERE rolname = current_user AND (rolsuper OR rolcreaterole)) AS creates_roles \gset
\if :too_old
  \echo 'o365-connector needs PostgreSQL 14 or newer. Nothing was changed.'
  DO $$ BEGIN RAISE EXCEPTION 'PostgreSQL % is too old', current_setting('server_version')
        USING HINT = 'o365-connector needs PostgreSQL 14 or newer.'; END $$;
\endif
\if :not_utf8
  DO $$ BEGIN RAISE EXCEPTION 'database % has encoding %', current_database(), current_setting('server_encoding')
        USING HINT = 'Cards and group names are UTF-8: createdb -T template0 -E UTF8 o365. '
                     'Nothing was changed.'; END $$;
\endif
\if :read_only
  DO $$ BEGIN RAISE EXCEPTION 'database % is read-only here', current_database()
        USING HINT = 'Connect to the primary, or set default_transaction_read_only to off. '
                     'Nothing was changed.'; END $$;
\endif
\if :name_is_taken
  DO $$ BEGIN RAISE EXCEPTION 'database % has a schema % that is not ours', current_database(),
            (SELECT string_agg(n.nspname, ' and a schema ' ORDER BY n.nspname) FROM pg_catalog.pg_namespace AS n
              WHERE n.nspname IN ('o365', 'o365_programs') AND n.nspowner IS DISTINCT FROM
                    (SELECT i.nspowner FROM pg_catalog.pg_namespace AS i WHERE i.nspname = 'o365_internal'))
        USING HINT = 'Install into another database, or rename that schema. Nothing was changed.'; END $$;
\endif
\if :may_not
  DO $$ BEGIN RAISE EXCEPTION 'role % may not create schemas in database %', current_user, current_database()
        USING HINT = format('Connect as the owner of the database, or: GRANT CREATE ON DATABASE %I TO %I',
                            current_database(), current_user); END $$;
\endif

-- These override the defaults of the database and the role.
BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;
SET LOCAL standard_conforming_strings = on;
SET LOCAL array_nulls = on;
SET LOCAL transform_null_equals = off;
SET LOCAL quote_all_identifiers = off;
SET LOCAL bytea_output = hex;
SET LOCAL lock_timeout = '3s';
DO $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('o365-connector install'));
EXCEPTION WHEN lock_not_available THEN
    RAISE EXCEPTION 'o365-connector is being installed into database % by somebody else', current_database()
        USING ERRCODE = 'lock_not_available',
              DETAIL = (SELECT string_agg(format('pid %s, role %s, application %L', l.pid, a.usename,
                                                 a.application_name), '; ')
                 FROM pg_catalog.pg_locks AS l LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
                WHERE l.granted AND l.locktype = 'advisory'
                  AND l.objid = (hashtext('o365-connector install')::bigint & 4294967295)::oid
                  AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d
                                     WHERE d.datname = current_database())),
              HINT = 'Nothing was changed. Try again when that has ended.';
END $$;

-- Who owns an installation keeps it: one made by a role that may create none stays with that role, whoever upgrades it.
SELECT n.nspname IS NULL AS is_new, coalesce(pg_get_userbyid(n.nspowner), '') AS found_owner,
       n.nspname IS NULL OR pg_get_userbyid(n.nspowner) = 'o365_owner' AS wants_roles,
       n.nspname IS NOT NULL AND NOT pg_has_role(current_user, n.nspowner, 'MEMBER') AS is_not_ours,
       -- pg_restore leaves this behind if the roles did not exist, or with --no-owner: everything belongs to the
       -- superuser who restored. Objects that this file creates never belong to a superuser.
       EXISTS (SELECT FROM pg_catalog.pg_roles AS r WHERE r.oid = n.nspowner AND r.rolsuper) AS lost_owner
  FROM (SELECT 1) AS one LEFT JOIN pg_catalog.pg_namespace AS n ON n.nspname = 'o365_internal' \gset
\if :is_not_ours
  DO $$ BEGIN RAISE EXCEPTION 'the schema o365_internal belongs to role %',
            (SELECT pg_get_userbyid(n.nspowner) FROM pg_catalog.pg_namespace AS n WHERE n.nspname = 'o365_internal')
        USING HINT = 'Connect as that role, a member of it, or a superuser. Nothing was changed.'; END $$;
\endif
\if :lost_owner
  DO $$ BEGIN RAISE EXCEPTION 'the superuser % owns the o365-connector of database %',
            (SELECT pg_get_userbyid(n.nspowner) FROM pg_catalog.pg_namespace AS n WHERE n.nspname = 'o365_internal'),
            current_database()
        USING HINT = 'It was restored before our roles existed, or with --no-owner. Drop this database, run '
                     'sql/roles.sql, restore again without --no-owner, then run install.sql. Every function of a '
                     'superuser would run with all rights. Nothing was changed.'; END $$;
\endif
\if :creates_roles
  \if :wants_roles
    \ir roles.sql
    \set owner o365_owner
  \else
    \echo 'Everything belongs to role' :found_owner 'and stays with it; o365.health() says what that costs.'
    \set owner :found_owner
  \endif
\elif :wants_roles
  \if :is_new
    \echo 'This role may not create roles: everything will belong to it, and o365.health() will say what that costs.'
    SELECT current_user AS owner \gset
  \else
    \set owner :found_owner
  \endif
\else
  \echo 'This role may not create roles: everything belongs to' :found_owner 'and o365.health() says what that costs.'
  \set owner :found_owner
\endif

\if :is_new
  \echo 'Installing o365-connector: schemas o365, o365_programs and o365_internal.'
  CREATE SCHEMA o365 AUTHORIZATION :"owner";
  CREATE SCHEMA o365_internal AUTHORIZATION :"owner";
\else
  \echo 'Upgrading o365-connector in place.'
\endif
-- Here, because the owner may not create schemas.
SELECT to_regnamespace('o365_programs') IS NULL AS lacks_programs \gset
\if :lacks_programs
  CREATE SCHEMA o365_programs AUTHORIZATION :"owner";
\endif
\ir pgcrypto.sql
\ir database.sql

SET LOCAL ROLE :"owner";
SET LOCAL search_path = pg_catalog, pg_temp;
-- Functions refer to each other in both directions; the tests call every one.
SET LOCAL check_function_bodies = off;

\if :is_new
CREATE TABLE o365_internal.migration (
    number     integer PRIMARY KEY,
    name       text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE o365_internal.migration IS 'Which files of sql/migrations have been applied.';
COMMENT ON COLUMN o365_internal.migration.number IS 'The number in the file''s name.';
COMMENT ON COLUMN o365_internal.migration.name IS 'The rest of the file''s name.';
COMMENT ON COLUMN o365_internal.migration.applied_at IS 'When.';
\endif

-- Migrations need exclusive locks on tables, the steps after them do not.
\set is_locked :is_new
\set migration 0001_tables
\ir migrate.sql
\set migration 0002_arrivals_that_wait
\ir migrate.sql
\set migration 0003_confirmation
\ir migrate.sql
\set migration 0004_pinned_sealing_key
\ir migrate.sql
\set migration 0005_reasons
\ir migrate.sql
\set migration 0006_fewer_statements
\ir migrate.sql
\set migration 0007_card_rules
\ir migrate.sql
\set migration 0008_removed_connectors
\ir migrate.sql
\set migration 0009_right_levels
\ir migrate.sql
\set migration 0010_card_actions
\ir migrate.sql
\set migration 0011_one_row_of_history
\ir migrate.sql
\set migration 0012_pressed_cards
\ir migrate.sql
\set migration 0013_rounds
\ir migrate.sql
\set migration 0014_console
\ir migrate.sql
\set migration 0015_card_warnings
\ir migrate.sql
\set migration 0016_connecting
\ir migrate.sql
\set migration 0017_checksums
\ir migrate.sql
\set migration 0018_feeding_again
\ir migrate.sql
\set migration 0019_replica_identity
\ir migrate.sql
\set migration 0020_attempts_by_subscription
\ir migrate.sql
\set migration 0021_programs_schema
\ir migrate.sql
\set migration 0022_pasted_webhooks
\ir migrate.sql
\set migration 0023_events
\ir migrate.sql
\set migration 0024_manage
\ir migrate.sql
\set migration 0025_waits
\ir migrate.sql
\set migration 0026_people
\ir migrate.sql
\set migration 0027_bounds_on_starts
\ir migrate.sql
\set migration 0028_delivery
\ir migrate.sql
\set migration 0029_signed_actions
\ir migrate.sql
\set migration 0030_slow_answers
\ir migrate.sql
\set migration 0031_far_ends
\ir migrate.sql
\set migration 0032_shared_webhooks
\ir migrate.sql
\set migration 0033_truth
\ir migrate.sql
\set migration 0034_turns_of_webhooks
\ir migrate.sql
\set migration 0035_halvings
\ir migrate.sql
\set migration 0036_callback
\ir migrate.sql
\set migration 0037_leaves
\ir migrate.sql
\set migration 0038_counts_of_cards
\ir migrate.sql
\set migration 0039_collapse_keys_kept
\ir migrate.sql
\set migration 0040_left_behind
\ir migrate.sql

-- The last of them is the newest migration that this install.sql knows.
SELECT max(m.number) > :migration_number AS is_newer,
       set_config('o365.install_schema', :'migration_number', true) AS ignored FROM o365_internal.migration AS m \gset
\if :is_newer
  DO $$ BEGIN RAISE EXCEPTION 'the schema has version %, and this install.sql is of version %',
        (SELECT max(m.number) FROM o365_internal.migration AS m), current_setting('o365.install_schema')
        USING HINT = 'Install from the sources of that version or a newer one: what is older does not know what was '
                     'added since. Nothing was changed.'; END $$;
\endif
\ir checksums.sql
\if :is_locked
\else
  -- Lock what data.sql and the rules of cards write, so that an open transaction in the way is named instead of waited
  -- for.
  SELECT set_config('o365.lock_mode', 'SHARE ROW EXCLUSIVE', true),
         set_config('o365.lock_relations', string_agg(t.name, ' '), true)
    FROM (VALUES ('setting'), ('webhook_host'), ('response_rule'), ('card_rule'), ('card_kind'), ('card_field'),
          ('card_pattern'), ('server_floor'))
      AS v (table_name), format('o365_internal.%I', v.table_name) AS t (name) \g /dev/null
  \ir lock.sql
\endif

COMMENT ON SCHEMA o365 IS 'o365-connector: the functions and views that applications and operators use.';
COMMENT ON SCHEMA o365_programs IS 'o365-connector: what only its own programs call.';
COMMENT ON SCHEMA o365_internal IS 'o365-connector: tables. Nobody but the owner has a grant here.';

\ir functions.sql
\ir functions/card_rules.sql
\ir functions/card_pattern.sql
-- Drop functions that an earlier version had and this one does not have: the row of a function that was replaced is
-- from this transaction.
DO $$
DECLARE
    v_function regprocedure;
BEGIN
    FOR v_function IN SELECT p.oid FROM pg_catalog.pg_proc AS p
                       WHERE p.pronamespace IN ('o365'::regnamespace, 'o365_programs'::regnamespace,
                                                'o365_internal'::regnamespace)
                         AND p.proowner = quote_ident(current_user)::regrole
                         AND p.proname !~ '^sandbox_' AND p.xmin <> pg_current_xact_id()::xid
                         AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.objid = p.oid
                                            AND d.classid = 'pg_catalog.pg_proc'::regclass AND d.deptype = 'e')
    LOOP
        RAISE NOTICE 'dropping function %: this version has none like it', v_function;
        EXECUTE format('DROP FUNCTION %s', v_function);
    END LOOP;
END $$;
-- The text of a function is parsed when a session first calls it, by that session's rules for literals. Our backslashes
-- are to stay what they are in sessions where standard_conforming_strings is off.
-- Functions that public functions call run under the settings of these.
DO $$
DECLARE
    v_function regprocedure;
BEGIN
    FOR v_function IN SELECT p.oid FROM pg_catalog.pg_proc AS p
                       WHERE p.pronamespace IN ('o365'::regnamespace, 'o365_programs'::regnamespace)
                         AND p.proowner = quote_ident(current_user)::regrole
                         AND p.proname !~ '^sandbox_'
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET standard_conforming_strings = on', v_function);
    END LOOP;
END $$;

-- A view is replaced only if it changed, because replacing waits for its readers. To find out, all views are created in
-- a second schema, which has the name of ours meanwhile and which no other session sees. So views call functions of
-- o365_internal only. A view that stands in o365_internal itself is written :internal_views.name there, since that
-- schema cannot be another for a moment.
\set views_changed true
\set internal_views o365_internal
\if :is_new
\else
  \ir views/fingerprint.sql
  \set views_before :views_found
  SAVEPOINT views;
  RESET ROLE;
  SELECT NOT pg_has_role(current_user, :'owner', 'USAGE') AS inherits_nothing \gset
  \if :inherits_nothing
    GRANT CREATE ON DATABASE :"DBNAME" TO :"owner";
    SET LOCAL ROLE :"owner";
  \endif
  ALTER SCHEMA o365 RENAME TO o365_before;
  ALTER SCHEMA o365_programs RENAME TO o365_programs_before;
  CREATE SCHEMA o365;
  CREATE SCHEMA o365_programs;
  CREATE SCHEMA o365_views;
  \set internal_views o365_views
  \ir views.sql
  \ir views/fingerprint.sql
  \set internal_views o365_internal
  ROLLBACK TO SAVEPOINT views;
  SELECT coalesce(string_agg(b.key, ' '), '') AS views_to_replace,
         count(*) > 0 OR :'views_before'::jsonb <> :'views_found'::jsonb AS views_changed,
         set_config('o365.views_wanted', :'views_found', true) AS ignored
    FROM jsonb_each_text(:'views_before') AS b WHERE b.value IS DISTINCT FROM :'views_found'::jsonb ->> b.key \gset
\endif
\if :views_changed
  \if :is_locked
  \else
    SELECT set_config('o365.lock_mode', 'ACCESS EXCLUSIVE', true),
           set_config('o365.lock_relations', :'views_to_replace', true) \g /dev/null
    \ir lock.sql
  \endif
  \if :is_new
  \else
    DO $$
    DECLARE
        v_view regclass;
    BEGIN
        FOR v_view IN SELECT c.oid FROM pg_catalog.pg_class AS c
                       WHERE c.relnamespace IN ('o365'::regnamespace, 'o365_programs'::regnamespace,
                                                'o365_internal'::regnamespace) AND c.relkind = 'v'
                         AND NOT current_setting('o365.views_wanted')::jsonb ? c.oid::regclass::text LOOP
            RAISE NOTICE 'dropping view %: this version has none', v_view;
            EXECUTE format('DROP VIEW %s', v_view);
        END LOOP;
    END $$;
  \endif
  \ir views.sql
\endif
\ir data.sql
\ir grants.sql

SELECT set_config('o365.is_new', :'is_new', true) \g /dev/null
DO $$
DECLARE
    v_finding record;
BEGIN
    FOR v_finding IN SELECT * FROM o365_internal.server_findings() LOOP
        -- Refusing an upgrade would not make existing webhooks safer.
        IF v_finding.severity = 'error' AND current_setting('o365.is_new')::boolean THEN
            RAISE EXCEPTION '%: %', v_finding.object, v_finding.problem
                USING HINT = v_finding.next_step || ' Nothing was changed.';
        END IF;
        RAISE WARNING '%: %', v_finding.object, v_finding.problem USING HINT = v_finding.next_step;
    END LOOP;
END $$;

COMMIT;
\if :is_new
  \echo -n 'Done. Next: o365-worker keys generate, then select o365.set(''public_url'', ''https://...''), '
  \echo 'then select * from o365.health().'
\else
  \echo 'Done. Next: select * from o365.health().'
\endif
