-- Links to card actions: the stored part of a card, who may follow a link, and the events that an application takes.
\ir fixtures/setup.sql
BEGIN;
SELECT no_plan();
SELECT o365.register_connector('other', 'Other', pg_temp.logo(), 's', 'l', 'https://other.example', ARRAY['x'],
           target_urls => ARRAY['https://contoso.example']),
       o365.register_connector('desk', 'Contoso Helpdesk', pg_temp.logo(), 's', 'l', 'https://contoso.example',
           ARRAY['x'], target_urls => ARRAY['https://contoso.example']),
       o365.grant_application('stranger', 'other') \g /dev/null
SELECT pg_temp.flow('ann') AS ann, pg_temp.flow('bob') AS bob, pg_temp.flow('sam', 'other') AS sam,
       pg_temp.connect('cem') AS cem \gset

CREATE FUNCTION pg_temp.card(more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
    SELECT '{"@type": "MessageCard", "@context": "https://schema.org/extensions", "summary": "s", "title": "Ticket 17",
        "themeColor": "0078D7",
        "potentialAction": [{"@type": "OpenUri", "name": "Open",
            "targets": [{"os": "default", "uri": "https://contoso.example/17"}]},
            {"@type": "HttpPOST", "name": "Close", "target": "https://contoso.example/close", "body": "{}"},
            {"@type": "InvokeAddInCommand", "name": "i", "addInId": "27c3dc4d-1f2b-4d0c-9f0c-3a8f0b6a1f11",
                "desktopCommandId": "d"}],
        "sections": [{"text": "x"}, {"text": "y", "potentialAction": [{"@type": "ActionCard", "name": "Answer",
            "inputs": [{"@type": "TextInput", "id": "a"}],
            "actions": [{"@type": "OpenUri", "name": "o", "targets": [{"os": "default",
                "uri": "https://contoso.example"}]},
                {"@type": "HttpPOST", "name": "Send", "target": "https://contoso.example/answer",
                    "body": "{{a.value}}"}]}]}]}'::jsonb || more $$;
CREATE FUNCTION pg_temp.hash(card_id bigint, number integer) RETURNS bytea LANGUAGE sql AS $$
    SELECT o365_internal.action_link_hash(card_id, number) $$;
CREATE FUNCTION pg_temp.press(card_id bigint, number integer, form text, step integer DEFAULT 0) RETURNS text
    LANGUAGE sql AS $$
    SELECT coalesce(o365_programs.responder_act(card_id, number, pg_temp.hash(card_id, number), form, step,
        'application/json', '{"b": 1}', '{"a": "x"}', 'r-000000000001')->>'outcome', 'not found') $$;

-- What a send keeps.
SET LOCAL SESSION AUTHORIZATION shop;
SELECT o365.send(:ann, pg_temp.card()) AS card \gset
SELECT o365.send(:ann, '{"@type": "MessageCard", "@context": "https://schema.org/extensions", "summary": "s", '
                       '"themeColor": "0078D7", "text": "HttpPOST and \"ActionCard\""}') AS plain,
       o365.send(:cem, pg_temp.card()) AS to_connector,
       o365.send(:ann, '{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", '
                       '"text": "HttpPOST"}], "metadata": {"@type": "HttpPOST"}}') AS adaptive,
       (o365.send_many(ARRAY[:ann, :bob, :cem]::bigint[],
           ARRAY[pg_temp.card('{"title": "Many"}'), '{"text": "x"}', pg_temp.card()]))[1] AS many \gset
SELECT results_eq('SELECT path, problem FROM o365.card_warnings WHERE card_id = ' || :card
    || $$ AND path ~ 'Action' ORDER BY path$$,
    $$VALUES ('$.potentialAction[1]',
        'Workflows knows no HttpPOST: the button opens a page of ours where it is pressed'),
             ('$.potentialAction[2]', 'Workflows knows no InvokeAddInCommand: the button is left out'),
             ('$.sections[1].potentialAction[0]',
                 'Workflows knows no ActionCard: the button opens a page of ours where it is pressed')$$,
    'a warning says what becomes of each action');
RESET SESSION AUTHORIZATION;
SELECT results_eq('SELECT card_id, subscription_id, title FROM o365_internal.card_action ORDER BY card_id',
    format($$VALUES (%s::bigint, %s::bigint, 'Ticket 17'), (%s, %s, 'Many')$$, :card, :ann, :many, :ann),
    'actions are kept of MessageCards for Workflows that have some, by send and by send_many, and of no other card');
SELECT results_eq('SELECT k.number, k.kept->>''path'', k.kept #>> ''{action,name}'' '
                  'FROM o365_internal.card_action AS a, jsonb_each(a.actions) AS k (number, kept) WHERE a.card_id = '
    || :card || ' ORDER BY 1',
    $$VALUES ('1', '$.potentialAction[1]', 'Close'), ('20', '$.sections[1].potentialAction[0]', 'Answer')$$,
    'by the number that the link has');
SET LOCAL SESSION AUTHORIZATION shop;
SELECT is((o365.try_send(:ann, pg_temp.card('{"title": []}'))).card_id, NULL, 'a wrong card is not sent');
SELECT throws_ok(format($$SELECT o365.send_many(ARRAY[%1$s, %1$s], ARRAY[pg_temp.card(), '{"title": 5}'])$$, :ann),
    '23514', NULL, 'nor are others with it');
RESET SESSION AUTHORIZATION;
SELECT is((SELECT count(*) FROM o365_internal.card_action), 2::bigint, 'and nothing is kept of them');

-- Sent before the schema knew of links, and still waiting.
SAVEPOINT upgrade;
CREATE TEMP TABLE kept AS SELECT * FROM o365_internal.card_action;
DELETE FROM o365_internal.card_action WHERE card_id = :many;
SELECT is(o365_internal.link_waiting_cards(), 1::bigint, 'an upgrade keeps the actions of cards that wait');
SELECT results_eq(
    'SELECT card_id, subscription_id, title, actions, forms FROM o365_internal.card_action ORDER BY card_id',
    'SELECT card_id, subscription_id, title, actions, forms FROM kept ORDER BY card_id',
    'as a send does, and of no other card');
SELECT is(o365_internal.link_waiting_cards(), 0::bigint, 'the next one finds nothing to do');
DELETE FROM o365_internal.card_action;
DELETE FROM o365_internal.outbox WHERE card_id = :many;
SELECT o365.remove(:ann) \g /dev/null
SELECT is(o365_internal.link_waiting_cards(), 0::bigint, 'what has left, or whose connection is gone, has no page');
ROLLBACK TO upgrade;

-- What the page calls a card.
SELECT is(o365_internal.card_name(c.card), c.name, c.what) FROM (VALUES
    (o365.card('Ticket #17 is [on fire] & "hot" <now> a_b \ &lt;'), 'Ticket #17 is [on fire] & "hot" <now> a_b \ &lt;',
        'what o365.card escapes is shown as it was meant'),
    ('{"title": " ", "summary": "a \\# b"}', 'a \# b', 'a summary has no Markdown'),
    ('{"text": "1\\. a \\b"}', '1. a \b', 'a text has, where a backslash before a letter is one'),
    ('{}', NULL, 'a card without any has no name')) AS c (card, name, what);

-- Without public_url.
UPDATE o365_internal.setting SET value = '' WHERE name = 'public_url';
SELECT results_eq($$SELECT problem FROM o365.check_card(pg_temp.card(), 'workflow')
    WHERE path = '$.potentialAction[1]'$$,
    $$VALUES ('Workflows knows no HttpPOST: the button is left out, because public_url is not set')$$,
    'without public_url there are no links, and the warning says so');
UPDATE o365_internal.setting SET value = 'https://app.example.org' WHERE name = 'public_url';

-- The page.
SET LOCAL ROLE o365_responder;
SELECT throws_ok('SELECT * FROM o365_internal.card_action', '42501', NULL, 'the responder reads no table');
SELECT throws_ok('SELECT o365_programs.worker_action_key()', '42501', NULL, 'and cannot make a link');
RESET ROLE;
SELECT is(o365_programs.responder_action(:card, 1, pg_temp.hash(:card, 1)) - 'public_url' - 'short_description'
    - 'website', jsonb_build_object('found', true, 'slug', 'desk', 'name', 'Contoso Helpdesk', 'title', 'Ticket 17',
    'path', '$.potentialAction[1]', 'action', pg_temp.card() #> '{potentialAction,1}'), 'a link leads to its action');
SELECT is(o365_programs.responder_action(l.card, l.number, l.hash),
    '{"found": false, "public_url": "https://app.example.org"}', l.what) FROM (VALUES
    (:card::bigint, 1, pg_temp.hash(:card, 20), 'a mac is one action''s'),
    (:card, 1, pg_temp.hash(:many, 1), 'and one card''s'),
    (:card, 1, sha256('x'), 'a forged one is none'),
    (:card, 1, NULL, 'nor is none'),
    (NULL, 1, pg_temp.hash(:card, 1), 'nor is a link without a card'),
    (:card, 0, pg_temp.hash(:card, 0), 'an OpenUri has no page'),
    (:card, 2, pg_temp.hash(:card, 2), 'nor has a command of an add-in'),
    (:card, -1, pg_temp.hash(:card, -1), 'nor what is not there'),
    (:plain, 1, pg_temp.hash(:plain, 1), 'nor a card without actions')) AS l (card, number, hash, what);

-- Pressing.
SELECT is(pg_temp.press(:card, 1, 'f1'), 'recorded', 'a button is pressed');
SELECT is(pg_temp.press(:card, 1, 'f1'), 'recorded', 'the same form again says the same');
SELECT is(pg_temp.press(:card, 20, 'f1', 1), 'recorded', 'another action''s form may have its number');
SELECT is(pg_temp.press(:card, 20, 'f2', s), 'no_such_button', format('of an ActionCard step %s is no button', s))
  FROM unnest(ARRAY[0, 2, NULL]) AS s;
SELECT is(pg_temp.press(:card, 20, NULL, 1), 'no_such_button', 'a form has a number');
SELECT is(o365_programs.responder_act(:card, 1, pg_temp.hash(:card, 20), 'f3', 0, '', '', '{}', 'r-1')->>'found',
    'false', 'with a forged link nothing is recorded');
SELECT results_eq('SELECT path, name, target, request_id FROM o365.action_events ORDER BY event_id',
    $$VALUES ('$.potentialAction[1]', 'Close', 'https://contoso.example/close', 'r-000000000001'),
        ('$.sections[1].potentialAction[0].actions[1]', 'Send', 'https://contoso.example/answer', 'r-000000000001')$$,
    'each press is one event, its name and target the card''s own');
CREATE FUNCTION pg_temp.said() RETURNS text[] LANGUAGE sql AS $$
    SELECT coalesce(array_agg(format('%s %s: %s > %s', h.severity, h.object, h.problem, h.next_step)
        ORDER BY h.problem), '{}') FROM o365.health() AS h
     WHERE h.problem ~ 'press' AND h.object LIKE 'connector %' $$;
SAVEPOINT health;
SELECT is(pg_temp.said(), '{}', 'what was pressed just now is no matter of health');
UPDATE o365_internal.action_event SET at = '2026-01-02 03:04'
 WHERE event_id = (SELECT min(event_id) FROM o365_internal.action_event);
SELECT is(pg_temp.said(), ARRAY['warning connector desk: nobody takes the presses on its cards: 2 waiting, the '
                                'oldest since 2026-01-02 03:04; what waits 30 days is dropped'
    ' > Let its application call o365.take_action_events(); select * from o365.action_events lists them.'],
    'health says that nobody has taken events for a day');
ROLLBACK TO health;
SELECT is(pg_temp.press(:card, 1, 'h' || n), 'recorded', 'press ' || n) FROM generate_series(1, 6) AS n;
SELECT o365.set('action_events', '10') \g /dev/null
SELECT is(pg_temp.said(), '{}', 'a card that may be pressed some times more is no matter of health');
SELECT is(pg_temp.press(:card, 1, 'h7'), 'recorded', 'press 7');
SELECT is(pg_temp.said(), ARRAY[format('warning connector desk: cards that were pressed 10 times, after which they '
                                       'take no more, or nearly so often: 1, the last is card %s > If people '
    'press that often: select o365.set(''action_events'', ''20''). If somebody misuses a link: select '
    'o365.remove(%s) ends those of its connection.', :card, :ann)], 'health says that a card will soon take no more');
SELECT o365.set('action_events', '9') \g /dev/null
SELECT is(pg_temp.said(), '{}', 'a bound below ten is there to be reached');
ROLLBACK TO health;
SELECT o365.set('action_events', '3') \g /dev/null
SELECT is(pg_temp.press(:card, 1, 'f4'), 'recorded', 'up to the bound they count');
SELECT is(pg_temp.press(:card, 1, 'f5'), 'full', 'beyond it no more');
SELECT is(pg_temp.press(:card, 20, 'f5', 1), 'full', 'of any action of the card');
SELECT is(pg_temp.press(:card, 1, 'f4'), 'recorded', 'what was recorded stays so');
SELECT is(pg_temp.press(:many, 1, 'f1'), 'recorded', 'other cards have their own');
SET LOCAL SESSION AUTHORIZATION stranger;
SELECT o365.send(:sam, pg_temp.card()) AS foreign \gset
RESET SESSION AUTHORIZATION;
SELECT is(pg_temp.press(:foreign, 1, 'f1'), 'recorded', 'and other connectors');

-- Taking.
SET LOCAL SESSION AUTHORIZATION shop;
SELECT is((SELECT count(*) FROM o365.action_events), 4::bigint, 'an application sees what waits for it');
SELECT throws_ok('SELECT * FROM o365.take_action_events(' || n || ')', '22023', NULL,
    'at most a thousand at a time, not ' || n) FROM unnest(ARRAY['0', '1001', 'NULL']) AS n;
SAVEPOINT taking;
SELECT is((SELECT count(*) FROM o365.take_action_events()), 4::bigint, 'it takes them');
SELECT is_empty('SELECT * FROM o365.take_action_events()', 'each once');
ROLLBACK TO taking;
SELECT results_eq('SELECT connector, app_user, subscription_id, card_id, name, content_type, body, inputs '
                  'FROM o365.take_action_events(1)',
    format($$VALUES ('desk', 'ann', %s::bigint, %s::bigint, 'Close', 'application/json', '{"b": 1}',
        '{"a": "x"}'::jsonb)$$, :ann, :card), 'a transaction that rolled back took nothing; the oldest comes first');
SELECT is((SELECT array_agg(t.name) FROM o365.take_action_events(2) AS t), ARRAY['Send', 'Close'],
    'as many as are wanted');
SET LOCAL SESSION AUTHORIZATION stranger;
SELECT is((SELECT array_agg(t.card_id) FROM o365.take_action_events() AS t), ARRAY[:foreign]::bigint[],
    'another application takes its own, and no other');
SET LOCAL SESSION AUTHORIZATION keeper;
SELECT is((SELECT count(*) FROM o365.action_events), 1::bigint, 'an operator sees what waits');
SELECT throws_ok('SELECT * FROM o365.take_action_events()', '42501', NULL, 'and takes nothing');
RESET SESSION AUTHORIZATION;
SELECT is_empty($$SELECT a.attname FROM pg_attribute AS a WHERE a.attrelid = 'o365.action_events'::regclass
    AND a.attname IN ('body', 'inputs')$$, 'nor does any view show what was typed');
SELECT is(pg_temp.press(:card, 1, 'f1'), 'recorded', 'a form that was taken and comes again is no second event');
SELECT is((SELECT count(*) FROM o365.action_events), 1::bigint, 'indeed not');

-- The end of links.
UPDATE o365_internal.card_action SET at = now() - interval '30 days' - interval '1 second' WHERE card_id = :many;
SELECT is(o365_programs.responder_action(:many, 1, pg_temp.hash(:many, 1))->>'found', 'false',
    'after action_days a link ends');
SELECT is(pg_temp.press(:many, 1, 'f9'), 'not found', 'and records nothing');
UPDATE o365_internal.action_event SET at = now() - interval '31 days';
SELECT o365_programs.worker_chores(1) \g /dev/null
SELECT is((SELECT array_agg(a.card_id ORDER BY a.card_id) FROM o365_internal.card_action AS a),
    ARRAY[:card, :foreign]::bigint[], 'a chore sweeps it');
SELECT is_empty('SELECT * FROM o365_internal.action_event', 'and what nobody took');
SELECT is(o365.remove(:ann), 'removed', 'a connection is removed');
SELECT is(o365_programs.responder_action(:card, 1, pg_temp.hash(:card, 1)),
    '{"found": false, "public_url": "https://app.example.org"}', 'and its cards'' links end at once');
SELECT is_empty('SELECT * FROM o365_internal.card_action WHERE subscription_id = ' || :ann, 'nothing is kept of them');
SET LOCAL SESSION AUTHORIZATION shop;
SELECT o365.send(:ann, pg_temp.card()) AS late \gset
RESET SESSION AUTHORIZATION;
SELECT is(o365_programs.responder_action(:late, 1, pg_temp.hash(:late, 1))->>'found', 'false',
    'a card that is sent there later has no page');
SELECT is(o365.remove_connector('other', true), 1, 'a connector is removed');
SELECT is(o365_programs.responder_action(:foreign, 1, pg_temp.hash(:foreign, 1))->>'found', 'false',
    'with all links of its cards');
SELECT is_empty('SELECT * FROM o365_internal.card_action WHERE subscription_id = ' || :sam, 'which are gone');

SELECT * FROM finish();
ROLLBACK;
