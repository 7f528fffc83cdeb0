-- Buttons with the target o365:action: what is kept of a card, what a signed call records and is answered, and who may
-- say so.
\ir fixtures/setup.sql
CREATE EXTENSION IF NOT EXISTS dblink WITH SCHEMA public;
BEGIN;
SELECT no_plan();
SELECT o365.alter_connector('desk', target_urls => ARRAY['https://app.example.org']), pg_temp.connect('ann') AS ann,
       pg_temp.connect('bob') AS bob \gset
UPDATE o365_internal.connector SET app_id = '11111111-1111-4111-8111-111111111111' WHERE slug = 'desk';
CREATE FUNCTION pg_temp.card(title text, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('@type', 'MessageCard', '@context', 'https://schema.org/extensions', 'summary', title,
        'title', title, 'themeColor', '0078D7') ||
        '{"potentialAction": [{"@type": "OpenUri", "name": "Open",
            "targets": [{"os": "default", "uri": "https://app.example.org/17"}]},
            {"@type": "HttpPOST", "name": "Close", "target": "o365:action", "body": "{}"},
            {"@type": "HttpPOST", "name": "Ours", "target": "https://app.example.org/own", "body": "{}"}],
          "sections": [{"text": "x"}, {"text": "y", "potentialAction": [{"@type": "ActionCard", "name": "Answer",
            "inputs": [{"@type": "TextInput", "id": "a"}],
            "actions": [{"@type": "OpenUri", "name": "o", "targets": [{"os": "default",
                "uri": "https://app.example.org"}]},
                {"@type": "HttpPOST", "name": "Send", "target": "o365:action",
                    "body": "{{a.value}}"}]}]}]}'::jsonb || more $$;
-- A call as the responder makes it; mac: of which button's token, if another one's.
CREATE FUNCTION pg_temp.call(card_id bigint, number integer, request text, pressed_by text DEFAULT 'object-1',
    app_id text DEFAULT '11111111-1111-4111-8111-111111111111',
    mac bytea DEFAULT NULL, most integer DEFAULT 4) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO o365_programs.action_call VALUES (card_id::text, number::text,
        coalesce(mac, sha256(convert_to(o365_internal.action_mac('call', card_id, number), 'UTF8'))),
        sha256(request::bytea), 'r-000000000001', 'application/json', '{"b": 1}', app_id, pressed_by,
        'ann@contoso.example', 'tenant-1', most::text);
    RETURN o365_programs.responder_action_outcome();
END $$;

-- What a send keeps.
SET LOCAL SESSION AUTHORIZATION shop;
SELECT o365.send(:ann, pg_temp.card('Ticket 17')) AS card,
       o365.send(:ann, '{"text": "\"o365:action\"", "sections": [{"text": "o365:action"}]}') AS plain,
       (o365.send_many(ARRAY[:bob]::bigint[], ARRAY[pg_temp.card('Many')]))[1] AS many \gset
RESET SESSION AUTHORIZATION;
SELECT results_eq('SELECT card_id, subscription_id, title FROM o365_internal.card_action ORDER BY card_id',
    format($$VALUES (%s::bigint, %s::bigint, 'Ticket 17'), (%s, %s, 'Many')$$, :card, :ann, :many, :bob),
    'the actions of a card for a connector are kept when one has a target of ours');
SELECT is_empty('SELECT * FROM o365.card_warnings WHERE card_id = ' || :card || $$ AND path ~ 'target'$$,
    'such a target below a registered one has no warning');
SELECT results_eq(
    format('SELECT n, (o365_internal.called_action(a.actions, n)).path FROM o365_internal.card_action AS a, '
           'unnest(ARRAY[0, 1, 2, 20, 100020, 200020, 300020, 100001, -1]) AS n WHERE a.card_id = %s', :card),
    $$VALUES (0, NULL), (1, '$.potentialAction[1]'), (2, NULL), (20, NULL), (100020, NULL),
        (200020, '$.sections[1].potentialAction[0].actions[1]'), (300020, NULL), (100001, NULL), (-1, NULL)$$,
    'a number names an HttpPOST with that target, and nothing else');
SELECT results_eq($$SELECT k.number::integer, k.kept->>'path'
    FROM (SELECT jsonb_agg('{"@type": "HttpPOST", "target": "o365:action"}'::jsonb) AS list
        FROM generate_series(1, 12)) AS a, jsonb_each(o365_internal.kept_actions(jsonb_build_object('text', 't',
            'potentialAction', a.list, 'sections', jsonb_build_array(jsonb_build_object('potentialAction', a.list))),
    'connector')) AS k (number, kept) WHERE k.number::integer >= 9 ORDER BY 1$$,
    $$SELECT 9, '$.potentialAction[9]' UNION ALL SELECT 10 + n, format('$.sections[0].potentialAction[%s]', n)
        FROM generate_series(0, 9) AS n$$, 'an eleventh button has no number: it would be that of another');
SELECT is(o365_internal.own_target(7, 1),
    'https://app.example.org/action?token=7-1-' || o365_internal.action_mac('call', 7, 1), 'its address has a token');
SELECT isnt(o365_internal.action_mac('call', 7, 1), o365_internal.action_mac('action', 7, 1),
    'which is not that of the page');

SELECT is(o365_internal.counted_size(c, c::text, 'm.card', 'connector') - o365_internal.counted_size(o, o::text,
    'm.card', 'connector'), 2 * (100 + length('https://app.example.org')), 'which counts, once for each button')
  FROM (SELECT pg_temp.card('x') AS c, replace(pg_temp.card('x')::text, 'o365:action', 'o365:actiom')::jsonb AS o) AS x;

-- What is answered.
SET LOCAL SESSION AUTHORIZATION shop;
SELECT is(o365.on_action(:card, 'Close', 'Ticket 17 was closed.', pg_temp.card('Closed',
    '{"sections": [], "potentialAction": [{"@type": "HttpPOST", "name": "Open again", "target": "o365:action"}]}'),
    '{"de": "Ticket 17 ist geschlossen."}'), :card::bigint, 'an application says what a button answers');
SELECT throws_ok(format('SELECT o365.on_action(%s, %L, %s)', :card, 'Close', e.args), e.code, NULL, e.what) FROM (VALUES
    ('E''a\nb''', '22023', 'a status is one line'), ('repeat(''x'', 1001)', '22023', 'of 1,000 bytes at most'),
    (''' ''', '22023', 'and no blank'),
    ('NULL, ''{"@type": "MessageCard", "title": {}}''', '23514', 'a card that nobody sees is refused'),
    ('NULL, ''{"type": "AdaptiveCard", "version": "1.2", "body": [{"type": "TextBlock", "text": "x"}]}''', '23514',
        'so is one of another kind'),
    ('NULL, pg_temp.card(''x'', jsonb_build_object(''potentialAction'', (SELECT jsonb_agg(
        ''{"@type": "HttpPOST", "name": "n", "target": "o365:action"}''::jsonb) FROM generate_series(1, 11))))',
        '23514',
        'so is one with an eleventh button of ours'),
    ('NULL, NULL, ''["de"]''', '22023', 'translations are an object'), ('NULL, NULL, ''{"d": "x"}''', '22023',
        'by language'), ('NULL, NULL, ''{"de": 5}''', '22023', 'of texts')) AS e (args, code, what);
SELECT throws_ok('SELECT o365.on_action(' || c || ', ''Close'')', '42501', NULL, what)
  FROM (VALUES (:plain::text, 'a card without such a button has no answer'), ('NULL', 'nor has none')) AS v (c, what);
SELECT throws_ok(format('SELECT o365.on_action(%s, NULL)', :card), '22023', NULL, 'a button has a name');
SET LOCAL SESSION AUTHORIZATION stranger;
SELECT throws_ok(format('SELECT o365.on_action(%s, ''Close'')', :card), '42501', NULL,
    'another application says nothing of it');
SELECT throws_ok($$SELECT o365.on_connector_action('desk', 'Close')$$, '42501', NULL, 'nor of the connector');
RESET SESSION AUTHORIZATION;

-- Calls.
SELECT is(pg_temp.call(c.card, c.number, 'x', c.pressed_by, c.app_id, c.mac), jsonb_build_object('outcome', c.outcome),
    c.what) FROM (VALUES
    (:card::bigint, 1, NULL, '', NULL::bytea, 'refused', 'a call whose bearer token was refused records nothing'),
    (:card, 1, 'object-1', '22222222-2222-4222-8222-222222222222', NULL, 'wrong_connector',
        'nor one with a token for another connector'),
    (:card, 1, 'object-1', '', sha256('x'), 'unknown_action', 'nor one with a forged address'),
    (:card, 1, 'object-1', '', sha256(convert_to(o365_internal.action_mac('action', :card, 1), 'UTF8')),
        'unknown_action', 'or with that of a page'),
    (:card, 1, 'object-1', '', sha256(convert_to(o365_internal.action_mac('call', :many, 1), 'UTF8')), 'unknown_action',
        'or with another card''s'),
    (:card, 1, 'object-1', '', sha256(convert_to(o365_internal.action_mac('call', :card, 200020), 'UTF8')),
        'unknown_action', 'or with another button''s'),
    (:card, 2, 'object-1', '', NULL, 'unknown_action', 'a target of the application''s own is not answered'),
    (:card, 0, 'object-1', '', NULL, 'unknown_action', 'nor is an OpenUri'),
    (:card, 20, 'object-1', '', NULL, 'unknown_action', 'nor an ActionCard as such'),
    (:plain, 1, 'object-1', '', NULL, 'unknown_action', 'nor a card without buttons'),
    (999999999, 1, 'object-1', '', NULL, 'unknown_action', 'nor one that nobody sent')) AS c (card, number, pressed_by,
    app_id, mac, outcome, what);
SELECT is((SELECT count(*) FROM o365_internal.action_event) + (SELECT count(*) FROM o365_internal.action_call),
    0::bigint, 'of none of them anything is stored');
SELECT pg_temp.call(:card, 1, 'id-1') AS first \gset
SELECT is(:'first'::jsonb - '{event_id,card,wait_ms}'::text[],
    '{"outcome": "recorded", "status": "Ticket 17 was closed.", "translations": {"de": "Ticket 17 ist geschlossen."}, '
    '"waits": false, "slug": "desk", "language": null}', 'a press is recorded, and answered as the application said');
SELECT is((:'first'::jsonb->>'card')::jsonb #>> '{potentialAction,0,target}', o365_internal.own_target(:card, 10000000),
    'the card that takes its place has an address of its own for its button');
SELECT is(pg_temp.call(:card, 1, 'id-1') - 'wait_ms', jsonb_set(:'first', '{outcome}', '"repeated"') - 'wait_ms',
    'the same Action-Request-Id again has the same answer');
SELECT is(pg_temp.call(:card, 1, 'id-2'), '{"outcome": "done_before"}',
    'another one comes too late: a button counts once');
SELECT is(pg_temp.call(:card, 200020, 'id-1', 'object-2', '')->>'outcome', 'recorded', 'each button for itself');
SELECT is(pg_temp.call(:card, 10000000, 'id-3')->>'outcome', 'recorded', 'the button of the new card is pressed too');
SET LOCAL SESSION AUTHORIZATION shop;
SELECT results_eq('SELECT app_user, card_id, path, name, target, body, inputs, way, pressed_by, pressed_by_name, '
                  'tenant, is_connecting_user, answer_until FROM o365.take_action_events()', format($$VALUES
    ('ann', %1$s::bigint, '$.potentialAction[1]', 'Close', 'o365:action', '{"b": 1}', '{}'::jsonb, 'call', 'object-1',
        'ann@contoso.example', 'tenant-1', true, NULL::timestamptz),
    ('ann', %1$s, '$.sections[1].potentialAction[0].actions[1]', 'Send', 'o365:action', '{"b": 1}', '{}', 'call',
        'object-2', 'ann@contoso.example', 'tenant-1', false, NULL),
    ('ann', %1$s, '$.potentialAction[0]', 'Open again', 'o365:action', '{"b": 1}',
        '{}', 'call', 'object-1', 'ann@contoso.example', 'tenant-1', true, NULL)$$, :card),
    'the application takes what was pressed, and who did');
RESET SESSION AUTHORIZATION;
SELECT is(pg_temp.call(:card, 1, 'id-1') - '{wait_ms,outcome}'::text[], :'first'::jsonb - '{wait_ms,outcome}'::text[],
    'taking it changes no answer');
SELECT is_empty('SELECT * FROM o365_internal.action_event', 'nor does a repeat make another event');

-- How often.
SET LOCAL SESSION AUTHORIZATION shop;
SELECT o365.on_action(:many, 'Close', once => false) \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT o365.set('action_events', '3') \g /dev/null
SELECT results_eq(format('SELECT pg_temp.call(%s, 1, ''n-'' || n)->>''outcome'' FROM generate_series(1, 4) AS n',
    :many), $$VALUES ('recorded'), ('recorded'), ('recorded'), ('full')$$,
    'once => false: as often as action_events allows');
SELECT is(pg_temp.call(:many, 1, 'n-3')->>'outcome', 'repeated', 'what was recorded keeps its answer');
SELECT o365.set('action_events', '10') \g /dev/null
SELECT is_empty($$SELECT * FROM o365_internal.health_card_actions_used_up()$$,
    'a card that may be pressed more often is well');
SELECT pg_temp.call(:many, 1, 'h-' || n) FROM generate_series(1, 6) AS n \g /dev/null
SELECT is((SELECT array_agg(u.count || ' ' || u.example) FROM o365_internal.health_card_actions_used_up() AS u),
    ARRAY['1 card ' || :many], 'health() says which card was pressed nearly as often as it may be');
SELECT o365.set('action_events', '9999') \g /dev/null
SAVEPOINT many;
UPDATE o365_internal.card_action AS a SET actions = a.actions || jsonb_build_object('2000000001', a.actions->'1')
 WHERE a.card_id = :many;
SELECT is(pg_temp.call(:many, 1, 'n-5'), '{"outcome": "full"}',
    'and 200 times with a card in its place, whatever that says: numbers have an end');
ROLLBACK TO many;
SELECT o365.set('action_events', '100') \g /dev/null

-- Rules of a connector.
SET LOCAL SESSION AUTHORIZATION shop;
SELECT o365.send(:ann, pg_temp.card('Ruled')) AS ruled \gset
SELECT is(o365.on_connector_action('desk', status => 'Thank you.'), 'set', 'a connector has a rule for any button');
SELECT is(o365.on_connector_action('desk', 'Send', 'Your answer was sent.', reason => 'docs'), 'set',
    'and one for those of a name');
RESET SESSION AUTHORIZATION;
SELECT is(pg_temp.call(:ruled, 1, 'a')->>'status', 'Thank you.', 'what no card says of itself the rule says');
SELECT is(pg_temp.call(:ruled, 200020, 'a')->>'status', 'Your answer was sent.', 'that of the name first');
SET LOCAL SESSION AUTHORIZATION shop;
SELECT results_eq('SELECT connector, card_id, action, status, languages, has_card, once, waits, sent_at IS NOT NULL '
                  'FROM o365.action_rules ORDER BY card_id, action', format($$VALUES
    ('desk', %s::bigint, 'Close', 'Ticket 17 was closed.', '{de}'::text[], true, true, false, true),
    ('desk', %s, 'Close', NULL, '{}', false, false, false, true),
    ('desk', NULL, 'Send', 'Your answer was sent.', '{}', false, true, false, false), ('desk', NULL, NULL, 'Thank you.',
        '{}', false, true, false, false)$$, :card, :many), 'a view shows what both have said');
SET LOCAL SESSION AUTHORIZATION stranger;
SELECT is_empty('SELECT * FROM o365.action_rules', 'of the connectors that one may use');
SET LOCAL SESSION AUTHORIZATION keeper;
SELECT is((SELECT count(*) FROM o365.action_rules), 4::bigint, 'an operator sees all');
SET LOCAL SESSION AUTHORIZATION shop;
SELECT is(o365.on_connector_action('desk', 'Send'), 'default', 'a rule that says nothing is none');
RESET SESSION AUTHORIZATION;
SELECT is((SELECT count(*) FROM o365_internal.action_answer AS a WHERE a.card_id IS NULL), 1::bigint, 'and is gone');
SELECT results_eq($$SELECT e.actor, e.detail, e.reason FROM o365.events AS e WHERE e.detail LIKE 'answer to action%'
    ORDER BY e.event_id$$,
    $$VALUES ('application', 'answer to action any', NULL), ('application', 'answer to action Send', 'docs'),
        ('application', 'answer to action Send', NULL)$$, 'events say who changed it');

-- Waiting for the application.
SET LOCAL SESSION AUTHORIZATION shop;
SELECT o365.send(:ann, pg_temp.card('Waits')) AS waits \gset
SELECT o365.on_action(:waits, 'Close', 'Recorded.', waits => true),
       o365.on_action(:waits, '$.sections[1].potentialAction[0].actions[1]', waits => true) \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT pg_temp.call(:waits, 1, 'w') AS waiting \gset
SELECT is((:'waiting'::jsonb->>'waits')::boolean AND (:'waiting'::jsonb->>'wait_ms')::integer BETWEEN 1 AND 5000, true,
    'a press waits as long as action_wait says');
SELECT is(pg_temp.call(:waits, 200020, 'w', most => 1)->>'waits', 'false', 'but not more of them than may');
SELECT is(pg_temp.call(:waits, 1, 'w')->>'waits', 'true', 'a repeat waits with it');
SELECT (:'waiting'::jsonb->>'event_id')::bigint AS event \gset
SET LOCAL SESSION AUTHORIZATION stranger;
SELECT throws_ok(format('SELECT o365.answer_action(%s)', :event), '42501', NULL, 'nobody else answers');
SET LOCAL SESSION AUTHORIZATION shop;
SELECT is((SELECT t.answer_until > now() FROM o365.take_action_events() AS t WHERE t.event_id = :event), true,
    'its event says until when');
SELECT throws_ok(format('SELECT o365.answer_action(%s, E''a\tb'')', :event), '22023', NULL,
    'an answer is judged as any');
SELECT is(o365.answer_action(:event, 'Closed by Bob.', pg_temp.card('Closed')), 'answered', 'the application answers');
SELECT is(o365.answer_action(:event, 'Once more.'), 'too_late', 'once');
SELECT throws_ok('SELECT o365.answer_action(NULL)', '42501', NULL, 'and what is there');
SELECT is(o365.answer_action(0, 'x'), 'too_late',
    'no request waits for an event of a page, nor for one whose connection is gone');
RESET SESSION AUTHORIZATION;
SELECT is(o365_programs.responder_action_answer(:event, false) - '{card,event_id,wait_ms,is_held}'::text[],
    '{"outcome": "recorded", "status": "Closed by Bob.", "translations": null, "waits": false, "slug": "desk", '
    '"language": null}', 'that is what the request is answered');
SELECT is((pg_temp.call(:waits, 1, 'w')->>'card')::jsonb->>'title', 'Closed', 'and any repeat of it');
SET LOCAL SESSION AUTHORIZATION shop;
SELECT o365.send(:ann, pg_temp.card('Waits in vain')) AS vain \gset
SELECT o365.on_action(:vain, 'Close', 'Recorded.', waits => true) \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT (pg_temp.call(:vain, 1, 'v')->>'event_id')::bigint AS event \gset
SELECT is(o365_programs.responder_action_answer(:event, true)->>'status', 'Recorded.',
    'when the time is over the request has what was said before');
SET LOCAL SESSION AUTHORIZATION shop;
SELECT is(o365.answer_action(:event, 'Late.'), 'too_late', 'and the application learns that it came too late');
RESET SESSION AUTHORIZATION;
SELECT dblink_connect('other', format('host=%s dbname=%s user=postgres', current_setting('unix_socket_directories'),
    current_database())) \g /dev/null
SELECT isnt(o365_internal.action_wait_until(4), NULL, 'a request waits');
SELECT isnt((SELECT t.until FROM dblink('other', 'SELECT o365_internal.action_wait_until(4)') AS t (until timestamptz)),
    NULL, 'and another that comes before it has committed');
SELECT dblink_disconnect('other') \g /dev/null
SELECT o365.set('action_wait', '0') \g /dev/null
SELECT is(o365_internal.action_wait_until(4), NULL, 'action_wait 0: no request waits');

-- The end.
UPDATE o365_internal.card_action SET at = now() - interval '31 days' WHERE card_id = :ruled;
SELECT is(pg_temp.call(:ruled, 1, 'a'), '{"outcome": "unknown_action"}',
    'after action_days a button is answered no more, not even a repeat');
UPDATE o365_internal.action_call SET at = now() - interval '31 days' WHERE card_id = :many;
UPDATE o365_internal.action_answer SET at = now() - interval '31 days' WHERE card_id = :many OR card_id IS NULL;
SELECT o365_internal.sweep_actions() \g /dev/null
SELECT is((SELECT count(*) FROM o365_internal.action_call AS c WHERE c.card_id = :many) + (SELECT count(*)
    FROM o365_internal.action_answer AS a WHERE a.card_id = :many), 0::bigint, 'a chore sweeps what is kept of it');
SELECT is((SELECT count(*) FROM o365_internal.action_answer AS a WHERE a.card_id IS NULL), 1::bigint,
    'but no rule of a connector');
SELECT o365.remove(:ann) \g /dev/null
SELECT is(pg_temp.call(:card, 1, 'id-1'), '{"outcome": "unknown_action"}',
    'so is it with the button of a removed connection');
SELECT is((SELECT count(*) FROM o365_internal.action_call AS c WHERE c.subscription_id = :ann) + (SELECT count(*)
    FROM o365_internal.action_answer AS a WHERE a.subscription_id = :ann), 0::bigint, 'of which nothing is kept');
SET LOCAL ROLE o365_responder;
SELECT throws_ok('SELECT * FROM o365_internal.action_call', '42501', NULL, 'the responder reads no table');
RESET ROLE;
SELECT * FROM finish();
ROLLBACK;
