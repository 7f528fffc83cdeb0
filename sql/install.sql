-- Creates or upgrades o365-connector in the database psql is connected to:   psql -d yourdb -f sql/install.sql
-- One transaction: all of it or nothing. Running it again changes nothing. Run it as a superuser, or as the database's owner: what the
-- role may not do is said and left out, and o365.health() lists what that costs.
\set ON_ERROR_STOP on
\set QUIET on
\pset tuples_only on
\pset format unaligned
SET client_min_messages = notice;

SELECT current_setting('server_version_num')::int < 140000 AS too_old,
       current_setting('server_encoding') <> 'UTF8' AS not_utf8,
       current_setting('transaction_read_only')::boolean AS read_only,
       to_regnamespace('o365') IS NOT NULL AND to_regnamespace('o365_internal') IS NULL AS name_is_taken,
       NOT has_database_privilege(current_user, current_database(), 'CREATE') AS may_not,
       EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = current_user AND (rolsuper OR rolcreaterole)) AS creates_roles \gset
\if :too_old
  \echo 'o365-connector needs PostgreSQL 14 or newer. Nothing was changed.'
  DO $$ BEGIN RAISE EXCEPTION 'PostgreSQL % is too old', current_setting('server_version') USING HINT = 'o365-connector needs PostgreSQL 14 or newer.'; END $$;
\endif
\if :not_utf8
  DO $$ BEGIN RAISE EXCEPTION 'database % has encoding %', current_database(), current_setting('server_encoding')
        USING HINT = 'Cards and group names are UTF-8: createdb -T template0 -E UTF8 o365. Nothing was changed.'; END $$;
\endif
\if :read_only
  DO $$ BEGIN RAISE EXCEPTION 'database % is read-only here', current_database()
        USING HINT = 'Connect to the primary, or set default_transaction_read_only to off. Nothing was changed.'; END $$;
\endif
\if :name_is_taken
  DO $$ BEGIN RAISE EXCEPTION 'database % has a schema o365 that is not ours', current_database()
        USING HINT = 'Install into another database, or rename that schema. Nothing was changed.'; END $$;
\endif
\if :may_not
  DO $$ BEGIN RAISE EXCEPTION 'role % may not create schemas in database %', current_user, current_database()
        USING HINT = format('Connect as the owner of the database, or: GRANT CREATE ON DATABASE %I TO %I', current_database(), current_user); END $$;
\endif

BEGIN;
SELECT '' FROM pg_advisory_xact_lock(hashtext('o365-connector install'));

-- Who owns an installation keeps it: one made by a role that may create none stays with that role, whoever upgrades it.
SELECT n.nspname IS NULL AS is_new, coalesce(pg_get_userbyid(n.nspowner), '') AS found_owner,
       n.nspname IS NULL OR pg_get_userbyid(n.nspowner) = 'o365_owner' AS wants_roles,
       n.nspname IS NOT NULL AND NOT pg_has_role(current_user, n.nspowner, 'MEMBER') AS is_not_ours
  FROM (SELECT 1) AS one LEFT JOIN pg_catalog.pg_namespace AS n ON n.nspname = 'o365_internal' \gset
\if :is_not_ours
  DO $$ BEGIN RAISE EXCEPTION 'the schema o365_internal belongs to role %',
            (SELECT pg_get_userbyid(n.nspowner) FROM pg_catalog.pg_namespace AS n WHERE n.nspname = 'o365_internal')
        USING HINT = 'Connect as that role, a member of it, or a superuser. Nothing was changed.'; END $$;
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

SELECT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'pgcrypto') AS has_pgcrypto \gset
\if :is_new
  \echo 'Installing o365-connector: schemas o365 and o365_internal.'
  CREATE SCHEMA o365 AUTHORIZATION :"owner";
  CREATE SCHEMA o365_internal AUTHORIZATION :"owner";
\else
  \echo 'Upgrading o365-connector in place.'
\endif
-- A pgcrypto that is there already serves as it is; a new one goes where only we look.
\if :has_pgcrypto
\else
  CREATE EXTENSION pgcrypto WITH SCHEMA o365_internal;
\endif
-- As the superuser who owns its functions; for anybody else the REVOKE would only warn.
DO $$
DECLARE
    v_owner name := (SELECT pg_get_userbyid(n.nspowner) FROM pg_catalog.pg_namespace AS n
                      WHERE n.nspname = 'o365_internal');
BEGIN
    IF (SELECT r.rolsuper FROM pg_catalog.pg_roles AS r WHERE r.rolname = current_user)
       AND (SELECT n.nspname FROM pg_catalog.pg_extension AS e
              JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
             WHERE e.extname = 'pgcrypto') = 'o365_internal' THEN
        REVOKE ALL ON ALL FUNCTIONS IN SCHEMA o365_internal FROM PUBLIC;
        EXECUTE format('GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA o365_internal TO %I', v_owner);
    END IF;
END $$;

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
\set migration 0014_console
\ir migrate.sql

COMMENT ON SCHEMA o365 IS 'o365-connector: the functions and views that programs, applications and operators use.';
COMMENT ON SCHEMA o365_internal IS 'o365-connector: tables. Nobody but the owner has a grant here.';

\ir functions/settings.sql
\ir functions/crypto.sql
\ir functions/privileges.sql
\ir functions/connectors.sql
\ir functions/connect.sql
\ir functions/responder.sql
\ir functions/card_rules.sql
\ir functions/card_pattern.sql
\ir functions/check_card.sql
\ir functions/actions.sql
\ir functions/cards.sql
\ir functions/lanes.sql
\ir functions/worker.sql
\ir functions/sessions.sql
\ir functions/chores.sql
\ir functions/subscriptions.sql
\ir functions/health.sql
\ir views/operator.sql
\ir views/callback.sql
\ir data.sql
\ir grants.sql

COMMIT;
\if :is_new
  \echo 'Done. Next: o365-worker keys generate, then select o365.set(''public_url'', ''https://...''), then select * from o365.health().'
\else
  \echo 'Done. Next: select * from o365.health().'
\endif
