-- What is kept about people: the table of docs/security.md, export, erasure, finding somebody by a directory object id,
-- and the sweep of removed connections.
\ir fixtures/setup.sql
\set security `cat "$FIXTURES/../../../docs/security.md"`
SELECT (o365_programs.worker_start('one', 'test', 'production') ->> 'worker')::integer AS w \gset
BEGIN;
SELECT no_plan();

-- Every column is said to be about people, or not to be.
CREATE TEMP TABLE documented AS
    SELECT DISTINCT m[1] AS name FROM regexp_matches(
        substring(:'security' FROM '## What is stored about people\n(.*?)\n## '), '`([a-z_]+\.[a-z_]+)`', 'g') AS m
     WHERE m[1] !~ '^(o365|operator|security)\.';
CREATE TEMP TABLE nothing AS SELECT v.name FROM (
    SELECT unnest(ARRAY['action_key.*', 'card_field.*', 'card_kind.*', 'card_pattern.*', 'card_rule.*', 'chore.*',
        'counted.*',
        'fed.*', 'feeding_again.*', 'handed_early.*', 'handing.*', 'index_key.*', 'known_database.*', 'migration.*',
        'host.*', 'busy_connector.*', 'outcome_hour.*', 'postponed.*', 'proof.*', 'response_rule.*', 'sealing_key.*',
        'server_floor.*', 'turn_to_feed.*',
        'quota_window.*', 'quota_slot.*', 'signing_key.*', 'slow_answer.*', 'token_profile.*',
        'turn_of_webhook.*', 'turn_to_tidy.*', 'untaken_event.*', 'webhook_host.*', 'worker.*']) AS name
    UNION ALL
    SELECT x.tab || '.' || c.col FROM (VALUES
        ('action_event',
            'event_id connector_id subscription_id card_id content_type way is_connecting_user answer_until'),
        ('action_answer', 'answer_id connector_id subscription_id card_id action once waits at'),
        ('action_call', 'event_id subscription_id card_id number request_hash added waits_until at'),
        ('application', 'connector_id granted_at'),
        ('attempt', 'card_id subscription_id lease_no worker rule_id http_status retry_after_s took_ms post_no '
                    'connector_id'),
        ('card_action', 'card_id subscription_id forms'),
        ('card_warning', 'card_id subscription_id'),
        ('connect_attempt',
            'attempt_id public_id connector_id expires_at of_attempt subscription_id renews way schedule'),
        ('connector',
            'connector_id slug name logo logo_type short_description long_description website events landing_page '
            'callback_url target_urls enabled_for app_id clean_page allow_anonymous registered_at changed_at '
            'require_state '
            'confirm removed_at ways language takes_events max_age when_blocked schedule time_zone digest_when_late'),
        ('delivery', 'card_id subscription_id lease_no worker rule_id http_status retry_after_s took_ms claimed_at '
                     'post_no unordered was_aside connector_id '
            'attempts'),
        ('event', 'event_id connector_id subscription_id card_id object'),
        ('lane', 'subscription_id lease_no worker next_at lease_until cursor late why not_before connector_id host_id '
                 'posts retried_at failures failing_since gone_since '
            'claimed_at trying tried_at unclear throttles throttled_since useless_since dead_in_a_row tried_until '
            'blocked blocked_since unclear_in_a_row '
            'lease_below '
            'posted_on turn run'),
        ('quota_group', 'group_id dialect'),
        ('lane', 'granted last_post_at quota_past quota_leaves quota_clear quota_version lost quota_off quota_group '
                 'quota_halved quota_halved_at quota_window quota_webhook webhook_after'),
        ('manage_link', 'subscription_id kind'),
        ('outbox', 'card_id position subscription_id enqueued_at xid not_after'),
        ('scheduled', 'card_id subscription_id due_at position not_after urgent enqueued_at'),
        ('set_aside', 'subscription_id position card_id at tried_at failures failing_since unclear tried_until '
                      'is_aside'),
        ('dedupe', 'subscription_id card_id until'),
        ('collapse', 'subscription_id card_id'),
        ('dead_card', 'card_id subscription_id'),
        ('setting', 'name value pattern help default_value unit range changed_at'),
        ('subscription',
            'subscription_id connector_id dialect key_id secret_version in_doubt_policy key_pinned replaces '
            'replacement_key_id payload idle_check_on sweep_on awaits_proof'),
        ('ticket', 'connector_id expires_at attempt_id renews pastes starts')) AS x (tab, cols),
        LATERAL regexp_split_to_table(x.cols, ' ') AS c (col)) AS v;
CREATE TEMP VIEW stored AS
    SELECT c.relname || '.' || a.attname AS name, c.relname || '.*' AS whole FROM pg_class AS c
      JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE c.relnamespace = 'o365_internal'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
       AND c.relname !~ '^sandbox_';
SELECT is_empty($$SELECT s.name FROM stored AS s
     WHERE 1 <> (SELECT count(*) FROM (SELECT name FROM documented UNION ALL SELECT name FROM nothing) AS x
                  WHERE x.name IN (s.name, s.whole))$$,
    'each column stands in the table of docs/security.md, or among those that hold nothing about people, and not in '
    'both');
SELECT is_empty($$SELECT d.name FROM documented AS d WHERE d.name NOT IN (SELECT name FROM stored)$$,
    'the table names no column that is not there');
SELECT is_empty($$SELECT n.name FROM nothing AS n WHERE n.name NOT IN (SELECT name FROM stored UNION SELECT whole
    FROM stored)
                     AND n.name <> 'turn_to_feed.*'$$, 'neither does the list of the others');

-- A user with everything that there is.
UPDATE o365_internal.connector SET target_urls = '{https://contoso.example}';
SELECT pg_temp.connect('wanda') AS id \gset
SELECT pg_temp.connect('wanda', 2) AS second \gset
SELECT pg_temp.connect('bob') AS bob \gset
UPDATE o365_internal.subscription SET dialect = 'workflow', label = 'Wanda A. Person',
    app_state = '{"of": "wanda-state"}'
 WHERE subscription_id = :id;
SET LOCAL SESSION AUTHORIZATION shop;
SELECT o365.begin_connect('desk', 'wanda', return_url => 'https://app.example.org/wanda-returns',
    label => 'Wanda A. Person', app_state => '{"of": "wanda-state"}') AS link \gset
SELECT o365.manage_link(:id) AS manage \gset
SELECT o365.send(:id, json_build_object('text', 'wanda-card: ' || :'manage' || ' ' || :'link'),
    'wanda-event') \g /dev/null
SELECT o365.send(:id, '{"@type": "MessageCard", "@context": "https://schema.org/extensions", '
                      '"text": "wanda-card", "potentialAction": [{"@type": "HttpPOST", "name": "wanda-button", '
                      '"target": "https://contoso.example/x", "body": "{}"}]}') \g /dev/null
SELECT o365.send(:id, '{"text": "wanda-later"}', not_before => now() + interval '1 day', collapse => 'wanda-collapse',
    dedupe => 'wanda-dedupe') \g /dev/null
SELECT o365.send(:bob, '{"text": "bob-card"}', 'bob-event') \g /dev/null
SELECT o365.pause(:id, 'wanda-reason') \g /dev/null
RESET SESSION AUTHORIZATION;
INSERT INTO o365_internal.delivery (card_id, subscription_id, outcome, reason, event, enqueued_at)
    SELECT 1, i, 'dead', 'reason', 'wanda-event', now() FROM unnest(ARRAY[:id, :second]) AS i;
INSERT INTO o365_internal.attempt (card_id, subscription_id, lease_no, worker, outcome, problem)
    VALUES (1, :id, 1, 1, 'retry', 'wanda-problem');
INSERT INTO o365_internal.dead_card (card_id, subscription_id, outcome, card, collapse_key)
    VALUES (1, :id, 'dead', '{"text": "wanda-dead"}', 'wanda-key');
INSERT INTO o365_internal.set_aside (card_id, subscription_id, position, failures, unclear, problem)
    VALUES (2, :id, 2, 3, 0, 'wanda-aside');
INSERT INTO o365_internal.action_event (connector_id, subscription_id, card_id, path, name, target, content_type, body,
    inputs, request_id)
    SELECT s.connector_id, s.subscription_id, 1, '$', 'wanda-button', 'https://contoso.example', 'text/plain',
           'wanda-body', '{}', 'r'
      FROM o365_internal.subscription AS s WHERE s.subscription_id = :id;
INSERT INTO o365_internal.action_event (connector_id, subscription_id, card_id, path, name, target, content_type, body,
    inputs, request_id, way, pressed_by, pressed_by_name, tenant)
    SELECT s.connector_id, s.subscription_id, 1, '$', 'b', 'o365:action', 'text/plain', '', '{}', 'r', 'call',
           'wanda-id', 'wanda-name', 'wanda-tenant'
      FROM o365_internal.subscription AS s WHERE s.subscription_id = :id;
INSERT INTO o365_internal.action_answer (connector_id, subscription_id, card_id, action, status, translations, card,
    once, waits)
    SELECT s.connector_id, s.subscription_id, 1, 'b', 'wanda-status', '{"de": "wanda-zustand"}',
           '{"text": "wanda-new"}', true, false
      FROM o365_internal.subscription AS s WHERE s.subscription_id = :id;
INSERT INTO o365_internal.action_call (event_id, subscription_id, card_id, number, request_hash, status, card)
    VALUES (1, :id, 1, 0, 'x', 'wanda-answer', '{"text": "wanda-newer"}');

-- Export.
CREATE FUNCTION pg_temp.export(app_user text) RETURNS jsonb LANGUAGE sql AS $$ SELECT o365.export_user(app_user) $$;
SET LOCAL SESSION AUTHORIZATION shop;
SELECT o365.export_user('wanda')::text AS exported \gset
SELECT is((:'exported'::jsonb #>> '{connections,0,webhook}') || ' '
    || (:'exported'::jsonb #>> '{connections,0,user_object_id}'), 'present present', 'secrets are told as present');
SELECT is_empty(format($$SELECT w
    FROM unnest(ARRAY['Wanda A. Person', 'wanda-state', 'wanda-card', 'wanda-event', 'wanda-button',
    'wanda-reason', 'wanda-problem', 'wanda-body', 'wanda-returns', 'wanda-later', 'wanda-collapse',
    'wanda-dedupe', 'wanda-dead', 'wanda-key', 'wanda-aside', 'wanda-id', 'wanda-name', 'wanda-tenant',
    'wanda-status', 'wanda-zustand', 'wanda-new', 'wanda-answer', 'wanda-newer', 'Sales 2', 'connect_attempts']) AS w
    WHERE strpos(%L, w) = 0$$, :'exported'), 'an application exports all that is kept about its user');
SELECT is(strpos(:'exported', right(:'manage', 32)) + strpos(:'exported', right(:'link', 32)) + strpos(:'exported',
    'webhookb2')
          + strpos(:'exported', 'object-1') + strpos(:'exported', 'bob'), 0, 'no secret is in it, and nobody else');
SELECT is(jsonb_array_length(o365.export_user('nobody')->'connections'), 0, 'a user who is not known has nothing');
SELECT throws_ok($$SELECT o365.export_user('')$$, '22023', NULL, 'a user without a name is an error');
SELECT throws_ok($$SELECT o365.export_user(NULL)$$, '22023', NULL, 'and so is none');
RESET SESSION AUTHORIZATION;
SET LOCAL SESSION AUTHORIZATION stranger;
SELECT is(jsonb_array_length(o365.export_user('wanda')->'connections')
    + jsonb_array_length(o365.export_user('wanda')->'tickets')
          + jsonb_array_length(o365.export_user('wanda')->'connect_attempts'), 0, 'another application gets nothing');
SELECT is((SELECT sum(e.erased)::integer FROM o365.erase_user('wanda') AS e), 0, 'and erases nothing');
RESET SESSION AUTHORIZATION;
SET LOCAL SESSION AUTHORIZATION keeper;
SELECT is(jsonb_array_length(o365.export_user('wanda')->'connections'), 2, 'an operator exports anybody');
RESET SESSION AUTHORIZATION;
INSERT INTO o365_internal.delivery (card_id, subscription_id, outcome, enqueued_at)
    SELECT i, :second, 'delivered', now() FROM generate_series(1, 10001) AS i;
SELECT is((SELECT (c->'cut_off')::text || jsonb_array_length(c->'ended_cards')
             FROM jsonb_array_elements(o365.export_user('wanda')->'connections') AS c WHERE c->'cut_off' <> '[]'),
    '["ended_cards"]10000', 'a list of more than 10,000 rows is cut off, and says so');

-- Moved, and back: the only event that names another person.
SELECT o365.move_connections('wanda', 'carl') \g /dev/null
SELECT is(jsonb_array_length(o365.export_user('wanda')->'moved_away'), 2, 'what was moved away is told');
SELECT is(strpos(o365.export_user('carl')::text, '"wanda"'), 0,
    'whom a connection was moved from is not told to whom it was moved');
SELECT o365.move_connections('carl', 'wanda') \g /dev/null

-- Erasure.
CREATE FUNCTION pg_temp.holds(word text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    v_table regclass;
    v_holds boolean;
BEGIN
    FOR v_table IN SELECT c.oid FROM pg_class AS c WHERE c.relnamespace = 'o365_internal'::regnamespace
        AND c.relkind IN ('r', 'p')
                      AND NOT c.relispartition AND c.relname !~ '^sandbox_' LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %s AS x WHERE to_jsonb(x)::text LIKE %L)', v_table,
            '%' || word || '%') INTO v_holds;
        IF v_holds THEN
            RETURN NEXT v_table::text;
        END IF;
    END LOOP;
END $$;
SELECT isnt_empty($$SELECT * FROM pg_temp.holds('wanda')$$, 'the search finds what there is');
-- A table that is added later is found here: give the user a row of it above.
CREATE FUNCTION pg_temp.tables_with(s bigint) RETURNS TABLE (name text, has_rows boolean) LANGUAGE plpgsql AS $$
BEGIN
    FOR name IN SELECT c.relname
                  FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'subscription_id'
                 WHERE c.relnamespace = 'o365_internal'::regnamespace AND c.relkind IN ('r', 'p')
                   AND NOT c.relispartition
                   AND c.relname !~ '^sandbox_' LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM o365_internal.%I AS x WHERE x.subscription_id = $1)',
            name) INTO has_rows USING s;
        RETURN NEXT;
    END LOOP;
END $$;
SELECT is(ARRAY(SELECT t.name FROM pg_temp.tables_with(:id) AS t WHERE NOT t.has_rows ORDER BY 1),
    '{handed_early,postponed,quota_slot}',
    'the user has a row in each table that has rows of connections, but in those of cards on their way');
SET LOCAL SESSION AUTHORIZATION shop;
SELECT results_eq($$SELECT e.what, e.erased FROM o365.erase_user('wanda') AS e$$,
    $$VALUES ('action_answer', 1::bigint), ('action_call', 1), ('action_event', 2), ('attempt', 1), ('card_action', 1),
        ('card_warning', 2), ('collapse', 1), ('connect_attempt', 2),
        ('dead_card', 1), ('dedupe', 1), ('delivery', 10003), ('event', 7), ('manage_link', 1), ('outbox', 2),
        ('scheduled', 1),
        ('set_aside', 1), ('subscription', 2), ('ticket', 3)$$,
    'erasing tells how many rows of which table');
RESET SESSION AUTHORIZATION;
SELECT is_empty($$SELECT * FROM pg_temp.holds('wanda')$$, 'nothing of the user is in any table');
SELECT is(ARRAY(SELECT t.name FROM pg_temp.tables_with(:id) AS t WHERE t.has_rows ORDER BY 1),
    '{event,lane,subscription}', 'and no row of the connection, but what says that it was removed');
SELECT is_empty($$SELECT * FROM pg_temp.holds('Wanda A')$$, 'nor the name that pages showed');
SELECT is((SELECT count(*) FROM o365_internal.subscription AS s WHERE s.subscription_id IN (:id, :second)
    AND s.status = 'removed'
              AND s.sealed IS NULL AND s.webhook_index IS NULL AND s.user_index IS NULL), 2::bigint,
    'webhooks are wiped');
SELECT results_eq(format('SELECT e.kind, e.role, e.subscription_id FROM o365.events AS e '
                         'WHERE e.kind = ''user_erased'' OR e.subscription_id IN (%s, %s) ORDER BY 1, 3', :id, :second),
    format($$VALUES ('removed', 'shop', %s::bigint), ('removed', 'shop', %s), ('user_erased', 'shop', NULL)$$, :id,
        :second), 'that it was done, and by which role, stays');
SELECT is((SELECT o365_internal.exported_connection(s) #>> '{waiting_cards,0,event}'
    FROM o365_internal.subscription AS s
            WHERE s.subscription_id = :bob), 'bob-event', 'nobody else has lost anything');
SET LOCAL SESSION AUTHORIZATION shop;
SELECT lives_ok(format($$SELECT o365.send(%s, '{"text": "late"}')$$, :id),
    'a card that is still sent there rolls nothing back');
SELECT is((SELECT sum(e.erased)::integer FROM o365.erase_user('wanda') AS e), 0, 'erasing again finds nothing');
SELECT is(strpos((SELECT string_agg(to_jsonb(e)::text, '') FROM o365.take_events(1000) AS e), 'wanda'), 0,
    'nor does the feed name the user');
RESET SESSION AUTHORIZATION;

-- By directory object id.
SET LOCAL SESSION AUTHORIZATION o365_worker;
SELECT is_empty('SELECT * FROM o365_programs.worker_subscriptions_by_user_object_id()',
    'without an id nobody is found');
INSERT INTO o365_programs.user_object_id VALUES ('object-2'), (NULL);
SELECT is_empty('SELECT * FROM o365_programs.worker_subscriptions_by_user_object_id()',
    'of an id that is not known nobody either');
INSERT INTO o365_programs.user_object_id VALUES ('object-1');
SELECT results_eq('SELECT f.subscription_id, f.connector, f.app_user '
                  'FROM o365_programs.worker_subscriptions_by_user_object_id() AS f',
    format('VALUES (%s::bigint, ''desk'', ''bob'')', :bob),
    'a directory object id finds its connections by their blind index');
RESET SESSION AUTHORIZATION;
COMMIT;
BEGIN;
SELECT is_empty('SELECT * FROM o365_programs.worker_subscriptions_by_user_object_id()',
    'in the transaction that brought the id alone');
COMMIT;

-- The sweep.
CREATE EXTENSION IF NOT EXISTS dblink WITH SCHEMA public;
SELECT dblink_connect('shop', format('host=%s dbname=%s user=shop', current_setting('unix_socket_directories'),
    current_database())) \g /dev/null
SELECT pg_temp.connect('dora') AS dora \gset
SELECT pg_temp.connect('eve') AS eve \gset
SELECT o365.remove(:dora), o365.remove(:eve), o365.remove(:bob) \g /dev/null
-- The two that were erased, and a card that waits for one of them.
SELECT o365_internal.chore_sweep_removed() IS NULL AS none \gset
SELECT ok(:'none'::boolean, 'what was removed a moment ago stays');
UPDATE o365_internal.subscription SET status_at = now() - interval '31 days' WHERE status = 'removed';
DELETE FROM o365_internal.connect_attempt WHERE subscription_id IN (:dora, :bob);
-- Somebody sends to dora in a transaction that is open.
SELECT dblink_exec('shop', 'BEGIN') \g /dev/null
SELECT is((SELECT t.id > 0 FROM dblink('shop', format('SELECT o365.send(%s, ''{"text": "to a removed one"}'')',
    :dora)) AS t (id bigint)), true, 'a card is sent to a removed connection');
SELECT is(o365_internal.chore_sweep_removed(), 'swept 1 connection that had been removed',
    'what was removed history_days ago is swept, but not what waits, is named by an attempt, or is being sent to');
SELECT set_eq('SELECT subscription_id FROM o365_internal.subscription WHERE status = ''removed''',
    ARRAY[:id, :eve, :bob, :dora]::bigint[], 'only the one that nothing names');
SELECT dblink_exec('shop', 'COMMIT') \g /dev/null
UPDATE o365_internal.subscription SET sweep_on = NULL;
SELECT is(o365_internal.chore_sweep_removed(), NULL, 'once that has committed the card keeps it');
SELECT is((SELECT count(*) FROM o365_internal.subscription WHERE sweep_on = current_date + 1), 4::bigint,
    'and each is looked at again tomorrow');
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is((SELECT array_agg(DISTINCT c.ends_as) FROM pg_temp.claim(:w, '-infinity', 100, 100) AS c
    WHERE c.subscription_id = :dora AND c.position IS NOT NULL), ARRAY['cancelled'], 'the card ends as cancelled');
DELETE FROM o365_internal.outbox;
DELETE FROM o365_internal.delivery;
DELETE FROM o365_internal.connect_attempt;
UPDATE o365_internal.subscription SET sweep_on = NULL;
SELECT is(o365_internal.chore_sweep_removed(), 'swept 4 connections that had been removed',
    'without cards, history and attempts they go');
SELECT is((SELECT count(*) FROM o365_internal.lane AS l WHERE l.subscription_id IN (:id, :eve, :bob, :dora)), 0::bigint,
    'with their lanes');
SET SESSION AUTHORIZATION shop;
SELECT throws_ok(format('SELECT o365.send(%s, ''{"text": "x"}'')', :dora), '42501', NULL,
    'from then on nothing can be sent there');
SELECT throws_ok(format('SELECT o365.send_many(ARRAY[%s]::bigint[], ARRAY[''{"text": "x"}''::jsonb])', :dora), '42501',
    NULL, 'in no way');
RESET SESSION AUTHORIZATION;
SELECT * FROM finish();
