-- Rules that hold for every object, generated from the catalogue: a new table or function is under them without
-- anybody's help.
\ir fixtures/setup.sql
BEGIN;
SELECT no_plan();

-- pgcrypto may live in o365_internal: what belongs to an extension is not ours.
CREATE TEMP VIEW our_functions AS
    SELECT p.*, n.nspname FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
     WHERE n.nspname IN ('o365', 'o365_programs', 'o365_internal') AND NOT EXISTS (SELECT FROM pg_depend AS d
         WHERE d.objid = p.oid AND d.deptype = 'e');
CREATE TEMP VIEW our_relations AS
    SELECT c.*, n.nspname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
     WHERE n.nspname IN ('o365', 'o365_programs', 'o365_internal');

SELECT is_empty($$SELECT f.oid::regprocedure FROM our_functions AS f WHERE obj_description(f.oid, 'pg_proc') IS NULL$$,
    'every function is commented');
SELECT is_empty($$SELECT c.oid::regclass FROM our_relations AS c WHERE c.relkind IN ('r', 'p', 'v', 'S')
    AND obj_description(c.oid, 'pg_class') IS NULL
    AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = c.oid AND d.deptype = 'i')$$,
    'every table, view and sequence is commented');
SELECT is_empty($$SELECT c.oid::regclass, a.attname FROM our_relations AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
    WHERE c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
      AND col_description(c.oid, a.attnum) IS NULL$$, 'every column is commented');
SELECT is_empty($$SELECT t.oid::regtype FROM our_relations AS c JOIN pg_type AS t ON t.oid = c.reltype
    WHERE c.relkind = 'c' AND obj_description(t.oid, 'pg_type') IS NULL$$, 'every type is commented');
SELECT is_empty($$SELECT n.nspname FROM pg_namespace AS n WHERE n.nspname IN ('o365', 'o365_programs', 'o365_internal')
    AND obj_description(n.oid, 'pg_namespace') IS NULL$$, 'every schema is commented');
SELECT is((SELECT count(*) FROM pg_publication WHERE puballtables)::integer, 1,
    'all tables are published here (tests/sql/run)');
SELECT is_empty($$SELECT c.oid::regclass FROM our_relations AS c WHERE c.relkind IN ('r', 'p')
    AND c.relreplident NOT IN ('f', 'i')
    AND (c.relreplident <> 'd' OR NOT EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = c.oid AND i.indisprimary))$$,
    'every table has a replica identity, so rows can be changed where all tables are published');
-- To pin costs 2 us a call, a quarter of a walk over a card. So the functions of that walk have the search_path of
-- check_card and of what sends.
\set walk `ls "$FIXTURES/../../../sql/functions/check_card"`
CREATE TEMP TABLE walk AS SELECT regexp_replace(w, '\.sql$', '') AS name
    FROM unnest(string_to_array(:'walk', E'\n')) AS w WHERE w <> 'check_card.sql';
-- So has what all forms of o365.send call.
INSERT INTO walk VALUES ('send_card');
CREATE TEMP VIEW unpinned_functions AS
    SELECT f.* FROM our_functions AS f WHERE NOT 'search_path=pg_catalog, pg_temp' = ANY (coalesce(f.proconfig, '{}'));
SELECT is_empty('SELECT f.oid::regprocedure '
                'FROM unpinned_functions AS f WHERE NOT EXISTS (SELECT FROM walk AS w WHERE w.name = f.proname)',
    'every function pins its search_path, pg_temp last, but those that check_card and o365.send call');
SELECT isnt_empty('SELECT f.oid FROM unpinned_functions AS f', 'some of those do not');
SELECT is_empty($$SELECT f.oid::regprocedure FROM unpinned_functions AS f,
    aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) AS a
     WHERE f.nspname <> 'o365_internal' OR f.prosecdef OR a.grantee <> f.proowner$$,
    'which run as who calls, whom only the owner is');
SELECT is_empty($$SELECT f.oid::regprocedure, d.classid::regclass
    FROM unpinned_functions AS f JOIN pg_depend AS d ON d.refclassid = 'pg_proc'::regclass AND d.refobjid = f.oid$$,
    'and which no view, trigger, index or constraint calls, whatever search_path it is used under');
SELECT is_empty($$SELECT f.oid::regprocedure FROM our_functions AS f WHERE f.nspname <> 'o365_internal'
    AND NOT f.prosecdef$$, 'every public function runs as its owner, so no caller needs a grant on a table');
SELECT is_empty($$SELECT f.oid::regprocedure FROM our_functions AS f WHERE f.nspname <> 'o365_internal'
    AND f.proname !~ '^sandbox_'
    AND NOT 'standard_conforming_strings=on' = ANY (f.proconfig)$$,
    'and reads its own literals as they were written, whatever the caller has set');
SELECT is_empty($$SELECT f.oid::regprocedure FROM our_functions AS f WHERE f.prosrc ~ 'pg_(try_)?advisory'
    AND f.proname !~ '^sandbox_'$$,
    'no function takes an advisory lock: every role that can connect could hold it, and stop that function');
SELECT is_empty($$SELECT f.oid::regprocedure FROM our_functions AS f, aclexplode(coalesce(f.proacl,
    acldefault('f', f.proowner))) AS a WHERE a.grantee = 0$$, 'PUBLIC may execute nothing');
SELECT is_empty($$SELECT c.oid::regclass FROM our_relations AS c, aclexplode(c.relacl) AS a WHERE a.grantee = 0$$,
    'PUBLIC may read nothing');
SELECT is_empty($$SELECT f.oid::regprocedure FROM our_functions AS f WHERE f.proowner <> 'o365_owner'::regrole$$,
    'o365_owner owns every function');
SELECT is_empty($$SELECT c.oid::regclass FROM our_relations AS c WHERE c.relowner <> 'o365_owner'::regrole$$,
    'o365_owner owns every table');
SELECT is_empty($$SELECT r.rolname FROM pg_roles AS r WHERE r.rolname = 'o365_owner'
    AND (r.rolcanlogin OR r.rolsuper OR r.rolcreaterole)$$, 'o365_owner cannot log in and is no superuser');

SELECT is_empty('SELECT * FROM o365_internal.grants_to_others()', 'nobody else has a grant');

-- What each role is for, said a second time and independently of sql/grants.sql. Everything that is not here must be
-- refused.
CREATE TEMP TABLE allowed (role text, name text);
INSERT INTO allowed SELECT 'o365_responder',
    unnest(ARRAY['responder_connectors', 'responder_landing', 'responder_start', 'responder_callback_outcome',
    'responder_callback_outcomes', 'responder_callback_error', 'responder_done', 'responder_confirm',
    'responder_failed', 'responder_logo',
    'responder_health', 'responder_action', 'responder_act', 'responder_action_outcome', 'responder_action_answer',
    'responder_action_took',
    'responder_paste_outcome', 'responder_proof', 'responder_new_code', 'responder_manage', 'responder_manage_act',
    'responder_manage_link']);
INSERT INTO allowed SELECT 'o365_worker', unnest(ARRAY['check_card', 'worker_start', 'worker_heartbeat', 'worker_stop',
    'worker_feed', 'worker_lease', 'worker_cards', 'worker_claim', 'worker_recheck', 'worker_report',
    'worker_secrets', 'worker_adopt', 'worker_outlook', 'worker_chores', 'worker_add_key', 'worker_keys',
    'worker_seal_probe', 'worker_key_backed_up', 'worker_unopenable',
    'worker_action_key', 'worker_describe', 'worker_import_outcome', 'worker_subscriptions_by_user_object_id',
    'worker_preflight', 'worker_plant_preflight', 'worker_clear_preflight']);
INSERT INTO allowed SELECT 'o365_app', unnest(ARRAY['explain_card', 'retry_schedule', 'begin_connect', 'connections',
    'check_card', 'test_cards', 'card', 'markdown_escape', 'link', 'mention', 'send',
    'send_many', 'try_send', 'send_to_user', 'cancel_card', 'retry_card', 'retry_dead',
    'take_action_events', 'on_action', 'on_connector_action', 'answer_action', 'take_events', 'pause', 'resume',
    'disconnect', 'move_connections', 'send_test', 'manage_link', 'revoke_manage_links', 'renewal_link', 'renewal_card',
    'export_user', 'erase_user', 'set_extra', 'set_schedule', 'preview_digest',
    'visible_connectors', 'few_subscriptions', 'few_deliveries', 'few_attempts', 'few_card_warnings', 'few_wait',
    'few_waiting', 'wait_of', 'wait_of_scheduled', 'status_next_step', 'workers_at_work', 'workers_away', 'lane_waits',
    'outcomes_not_counted', 'tests_below', 'ways_of', 'few_event_connectors', 'few_events']);
INSERT INTO allowed SELECT 'o365_operator', unnest(ARRAY['set', 'this_is', 'cancel_card', 'retry_card',
    'retry_dead', 'set_in_doubt_policy', 'allow_webhook_host', 'forbid_webhook_host', 'hold_host', 'release_host',
    'register_connector', 'alter_connector', 'grant_application',
    'revoke_application', 'remove_connector', 'connect_button', 'connect_button_documented', 'check_card', 'test_cards',
    'pause', 'resume', 'remove', 'move_connections', 'send_test', 'connect_attempt', 'health', 'audit', 'explain_card',
    'oldest_card', 'retry_schedule', 'manage_link', 'revoke_manage_links', 'renewal_link', 'renewal_card',
    'export_user', 'erase_user', 'set_extra', 'set_schedule', 'preview_digest',
    'visible_connectors', 'few_subscriptions', 'few_deliveries', 'few_attempts', 'few_card_warnings', 'few_wait',
    'few_waiting', 'wait_of', 'wait_of_scheduled', 'status_next_step', 'workers_at_work', 'workers_away', 'lane_waits',
    'outcomes_not_counted', 'tests_below', 'ways_of', 'few_event_connectors', 'few_events']);
INSERT INTO allowed SELECT r, unnest(ARRAY['forecast', 'quota_usage', 'quota_reason', 'quota_sharers'])
    FROM unnest(ARRAY['o365_app', 'o365_operator']) AS r;
INSERT INTO allowed SELECT 'o365_operator', unnest(ARRAY['set_quota', 'set_quota_policy', 'share_quota']);
INSERT INTO allowed VALUES ('o365_operator', 'set_token_profile'), ('o365_responder', 'responder_token_profiles'),
    ('o365_responder', 'responder_ask_for_keys'),
    ('o365_worker', 'worker_signing_key_fetches'), ('o365_worker', 'worker_signing_keys_fetched');
INSERT INTO allowed SELECT unnest(ARRAY['o365_responder', 'o365_worker', 'o365_app', 'o365_operator']), 'version';
SELECT results_eq(
    $$SELECT DISTINCT r.rolname::text COLLATE "default", f.proname::text COLLATE "default"
        FROM pg_roles AS r, our_functions AS f
       WHERE r.rolname IN ('o365_responder', 'o365_worker', 'o365_app', 'o365_operator')
         AND has_function_privilege(r.oid, f.oid, 'EXECUTE') ORDER BY 1, 2$$,
    $$SELECT role, name FROM allowed ORDER BY 1, 2$$, 'each role executes exactly what it is for');
SELECT is_empty($$SELECT f.oid::regprocedure FROM our_functions AS f WHERE f.nspname = 'o365'
    AND NOT has_function_privilege('o365_app', f.oid, 'EXECUTE') AND NOT has_function_privilege('o365_operator', f.oid,
        'EXECUTE')$$, 'schema o365 has nothing that only programs call');
SELECT is_empty($$SELECT f.oid::regprocedure FROM our_functions AS f WHERE f.nspname = 'o365_programs'
    AND 1 <> (SELECT count(*)
        FROM unnest(ARRAY['o365_responder', 'o365_worker', 'o365_app', 'o365_operator', 'o365_sandbox']) AS r (role)
               WHERE has_function_privilege(r.role, f.oid, 'EXECUTE'))$$,
    'and schema o365_programs only what one program calls');
SELECT is_empty($$SELECT r.role FROM unnest(ARRAY['o365_app', 'o365_operator']) AS r (role)
    WHERE has_schema_privilege(r.role, 'o365_programs', 'USAGE')$$, 'which applications and operators do not enter');
SELECT ok(NOT has_schema_privilege('o365_sandbox', 'o365', 'USAGE'), 'and the sandbox does not enter schema o365');
SELECT is_empty($$SELECT f.oid::regprocedure FROM our_functions AS f WHERE has_function_privilege('o365_sandbox', f.oid,
    'EXECUTE') AND f.proname !~ '^sandbox_'$$, 'the sandbox executes only what is the sandbox''s');
CREATE TEMP TABLE readable (role text, name text, privilege text);
INSERT INTO readable VALUES ('o365_responder', 'callback', 'INSERT'), ('o365_responder', 'callbacks', 'INSERT'),
    ('o365_responder', 'paste', 'INSERT'), ('o365_responder', 'proof', 'INSERT'),
    ('o365_responder', 'action_call', 'INSERT');
INSERT INTO readable SELECT 'o365_operator', unnest(ARRAY['settings', 'connectors', 'webhook_hosts',
    'hosts', 'response_rules', 'subscriptions', 'queue', 'cards', 'scheduled_cards', 'posts', 'deliveries', 'outcomes',
    'card_warnings', 'action_events', 'events', 'functions', 'workers']), 'SELECT';
INSERT INTO readable SELECT 'o365_app', unnest(ARRAY['connectors', 'subscriptions', 'queue', 'cards', 'scheduled_cards',
    'posts', 'deliveries', 'outcomes', 'card_warnings', 'action_events', 'events', 'functions']), 'SELECT';
INSERT INTO readable VALUES ('o365_worker', 'import', 'INSERT'), ('o365_worker', 'user_object_id', 'INSERT'),
    ('o365_operator', 'dead_connectors', 'SELECT'), ('o365_app', 'dead_connectors', 'SELECT');
INSERT INTO readable VALUES ('o365_operator', 'token_profiles', 'SELECT'),
    ('o365_operator', 'action_rules', 'SELECT'), ('o365_app', 'action_rules', 'SELECT');
INSERT INTO readable VALUES ('o365_operator', 'quotas', 'SELECT'), ('o365_app', 'quotas', 'SELECT');
SELECT results_eq(
    $$SELECT r.rolname::text COLLATE "default", c.relname::text COLLATE "default", p.p
        FROM pg_roles AS r, our_relations AS c,
        unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS p(p)
       WHERE r.rolname IN ('o365_responder', 'o365_worker', 'o365_app', 'o365_operator', 'o365_sandbox')
         AND c.relkind IN ('r', 'p', 'v')
         AND has_table_privilege(r.oid, c.oid, p.p) ORDER BY 1, 2, 3$$,
    $$SELECT role, name, privilege FROM readable ORDER BY 1, 2, 3$$,
    'each role has exactly its privileges on tables and views, and none on any table');
SELECT is_empty($$SELECT r.rolname FROM pg_roles AS r WHERE r.rolname ~ '^o365_(responder|worker|app|operator|sandbox)$'
    AND (has_schema_privilege(r.oid, 'o365_internal', 'USAGE') OR has_schema_privilege(r.oid, 'o365', 'CREATE')
         OR has_schema_privilege(r.oid, 'o365_programs', 'CREATE'))$$,
    'no program''s role enters o365_internal or creates anything');
SELECT is_empty($$SELECT r.rolname, s.oid::regclass FROM pg_roles AS r, our_relations AS s
    WHERE r.rolname ~ '^o365_(responder|worker|app|operator|sandbox)$'
    AND s.relkind = 'S' AND has_sequence_privilege(r.oid, s.oid, 'USAGE, SELECT, UPDATE')$$,
    'no program''s role uses a sequence');

-- Not only what the catalogue says: each role tries every function of o365 that is not its own, and is refused.
CREATE FUNCTION pg_temp.refusals() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    v_try record;
    v_call text;
BEGIN
    FOR v_try IN SELECT r.role, f.oid, f.proname, f.pronargs, f.proargtypes
        FROM (SELECT DISTINCT role FROM allowed) AS r, our_functions AS f
                  WHERE f.prorettype <> 'trigger'::regtype AND NOT EXISTS (SELECT FROM allowed AS a
                      WHERE a.role = r.role AND a.name = f.proname)
    LOOP
        v_call := format('SELECT %s(%s)', v_try.oid::regproc,
            (SELECT string_agg('NULL::' || format_type(t, NULL), ', ') FROM unnest(v_try.proargtypes) AS t));
        EXECUTE format('SET LOCAL ROLE %I', v_try.role);
        BEGIN
            EXECUTE v_call;
            RETURN NEXT v_try.role || ' could: ' || v_call;
        EXCEPTION WHEN insufficient_privilege THEN NULL;
                  WHEN OTHERS THEN RETURN NEXT v_try.role || ' got as far as ' || SQLERRM || ': ' || v_call;
        END;
        RESET ROLE;
    END LOOP;
END $$;
SELECT is_empty('SELECT * FROM pg_temp.refusals()', 'each role is refused by every function that is not its own');
-- And to read every table and view that is not its own.
CREATE FUNCTION pg_temp.readings() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    v_try record;
BEGIN
    FOR v_try IN SELECT r.role, c.oid::regclass AS relation
                   FROM unnest(ARRAY['o365_responder', 'o365_worker', 'o365_app', 'o365_operator',
                       'o365_sandbox']) AS r (role),
                        our_relations AS c
                  WHERE c.relkind IN ('r', 'p', 'v')
                    AND NOT EXISTS (SELECT FROM readable AS x WHERE x.role = r.role AND x.name = c.relname
                        AND x.privilege = 'SELECT')
    LOOP
        EXECUTE format('SET LOCAL ROLE %I', v_try.role);
        BEGIN
            EXECUTE format('SELECT * FROM %s LIMIT 1', v_try.relation);
            RETURN NEXT format('%s could read %s', v_try.role, v_try.relation);
        EXCEPTION WHEN insufficient_privilege THEN NULL;
        END;
        RESET ROLE;
    END LOOP;
END $$;
SELECT is_empty('SELECT * FROM pg_temp.readings()', 'each role is refused by every table and view that is not its own');
SELECT ok((SELECT count(*) FROM our_relations AS c WHERE c.relkind IN ('r', 'p', 'v')) > 20, 'of which there are many');

SELECT * FROM finish();
ROLLBACK;
