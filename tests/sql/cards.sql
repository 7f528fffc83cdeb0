-- Sending: who may send, what may be sent, and what becomes of it.
\ir fixtures/setup.sql
BEGIN;
SELECT no_plan();
SELECT pg_temp.connect('ann') AS ann, pg_temp.connect('ann', 2) AS ann2, pg_temp.connect('bob') AS bob \gset

SELECT is((SELECT array_agg(p.problem ORDER BY p.severity, p.path) FROM o365.check_card(c.card, c.dialect) AS p),
    c.problems, c.description) FROM (VALUES
    ('{"text": "hello"}'::jsonb, 'connector', NULL::text[], 'a card with a text may go'),
    ('{"@type": "MessageCard", "@context": "https://schema.org/extensions", "summary": "hello", "sections": []}',
        'connector', NULL, 'so may one with a summary'),
    ('{"text": "  "}', 'connector', ARRAY['the card has neither text nor summary'], 'a card of blanks may not'),
    ('{"@type": "MessageCard", "@context": "https://schema.org/extensions", "title": "hello"}', 'connector',
        ARRAY['the card has neither text nor summary'], 'nor one with a title alone'),
    ('[]', 'connector', ARRAY['the card is not a JSON object'], 'an array is no card'),
    ('"hello"', 'connector', ARRAY['the card is not a JSON object'], 'a string is no card'),
    ('null', 'connector', ARRAY['the card is not a JSON object'], 'null is no card'),
    (NULL, 'connector', ARRAY['the card is not a JSON object'], 'neither is NULL'),
    (jsonb_build_object('text', repeat('x', 24000)), 'connector', ARRAY['the card has 24012 bytes, 24000 are allowed'],
        'a card has a limit'),
    (jsonb_build_object('text', repeat('ä', 12000)), 'connector', ARRAY['the card has 24012 bytes, 24000 are allowed'],
        'counted in bytes'),
    ('{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "x"}, '
     '{"type": "Container", "items": []}]}', 'connector', ARRAY['a connector webhook cannot show Container'],
        'connectors take no Adaptive Card that would lose something'),
    ('{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "x"}]}', 'connector', NULL,
        'but one that would not'),
    ('{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "Container", '
     '"items": [{"type": "TextBlock", "text": "x"}]}]}', 'workflow', NULL, 'Workflows do'),
    ('{"type": "message", "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", '
     '"content": {"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "Container", '
     '"items": [{"type": "TextBlock", "text": "x"}]}]}}]}', 'workflow', NULL, 'wrapped as well'),
    ('{"type": "message", "attachments": [{}]}',
        'workflow', ARRAY['content is missing, and without it nothing is shown', 'contentType is missing'],
        'but not an empty attachment'),
    ('{"type": "message", "attachments": []}', 'workflow', ARRAY['attachments is empty'], 'nor none'),
    ('{"text": "hello"}', 'workflow', NULL, 'and a MessageCard, which the worker converts')
) AS c (card, dialect, problems, description);
SELECT is_empty($$SELECT 1 FROM o365.check_card('[]') AS p WHERE p.hint IS NULL OR p.path IS NULL
    OR p.severity <> 'error'$$, 'a problem has a path and a hint');

SET LOCAL SESSION AUTHORIZATION shop;
SELECT isnt(o365.send(:ann, '{"text": "one"}', 'a ticket is opened'), NULL,
    'an application sends and learns the card''s name');
SELECT throws_ok(format('SELECT o365.send(%s, ''{"x": 1}'')', :ann), '23514',
    format('card for connection %s refused: the card has neither text nor summary ($.text)', :ann),
    'a card that is none is an error of the sender''s transaction');
SELECT is((SELECT t.card_id FROM o365.try_send(:ann, '{"x": 1}') AS t), NULL, 'try_send gives no name for it');
SELECT is((SELECT t.problems #>> '{0,path}' FROM o365.try_send(:ann, '{"x": 1}') AS t), '$.text',
    'but what is wrong, and where');
SELECT is((SELECT t.problems FROM o365.try_send(:ann, '{"text": "two"}') AS t), '[]', 'and nothing when nothing is');
SELECT is((SELECT count(*) FROM o365.send_to_user('desk', 'ann', '{"text": "three"}')), 2::bigint,
    'send_to_user reaches all connections of a user');
SELECT is((SELECT count(*) FROM o365.send_to_user('desk', 'nobody', '{"text": "three"}')), 0::bigint,
    'and none of who has none');
SELECT throws_ok($$SELECT * FROM o365.send_to_user('desk', 'ann', '{"x": 1}')$$, '23514',
    'card refused: the card has neither text nor summary ($.text)', 'what no webhook would take is an error');
RESET SESSION AUTHORIZATION;
UPDATE o365_internal.subscription SET dialect = 'workflow' WHERE subscription_id = :ann2;
SET LOCAL SESSION AUTHORIZATION shop;
SELECT results_eq($$SELECT s.subscription_id, s.card_id IS NULL, s.problems #>> '{0,problem}'
                      FROM o365.send_to_user('desk', 'ann',
                          '{"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "four"}, '
                          '{"type": "Container", "items": []}]}') AS s$$,
    format($$VALUES (%s::bigint, true, 'a connector webhook cannot show Container'), (%s, false, NULL)$$, :ann, :ann2),
    'a place that does not take such a card is named and rolls nothing back');
SELECT results_eq($$SELECT c.group_name, c.status FROM o365.connections('ann') AS c$$,
    $$VALUES ('Sales', 'active'), ('Sales 2', 'active')$$, 'connections lists what a user has');
SELECT is((SELECT sum(q.waiting) FROM o365.queue AS q), 5::numeric, 'an application sees its queue');
SELECT throws_ok('SELECT * FROM o365_internal.outbox', '42501', NULL, 'and no table');
SELECT throws_ok(format('SELECT o365.remove(%s)', :ann), '42501', NULL, 'and manages nothing');
SET LOCAL SESSION AUTHORIZATION stranger;
SELECT throws_ok(format('SELECT o365.send(%s, ''{"text": "x"}'')', :ann), '42501',
    format('there is no connection %s that role stranger may send to', :ann), 'another application may not send there');
SELECT throws_ok('SELECT o365.send(-1, ''{"text": "x"}'')', '42501',
    'there is no connection -1 that role stranger may send to', 'and cannot tell it from none');
SELECT is_empty($$SELECT * FROM o365.connections('ann')$$, 'nor see it');
SELECT is_empty($$SELECT * FROM o365.subscriptions$$, 'nowhere');
SELECT is_empty($$SELECT * FROM o365.queue$$, 'not in the queue');
SELECT throws_ok($$SELECT * FROM o365.send_to_user('desk', 'ann', '{"text": "x"}')$$, '42501', NULL,
    'nor send to its users');
SET LOCAL SESSION AUTHORIZATION keeper;
SELECT is((SELECT count(*) FROM o365.subscriptions), 3::bigint, 'an operator sees all');
SELECT is(o365.pause(:ann), 'paused', 'and pauses');
SELECT is(o365.pause(:ann), 'paused', 'twice without harm');
SELECT matches((SELECT q.reason FROM o365.queue AS q WHERE q.subscription_id = :ann), '^paused since \d{4}-',
    'the queue says why');
SELECT is(o365.resume(:ann), 'active', 'and resumes');
SELECT is(o365.remove(:bob), 'removed', 'and removes');
SELECT throws_ok(format('SELECT o365.resume(%s)', :bob), '55000', format('subscription %s is removed', :bob),
    'what is removed stays removed');
SELECT throws_ok('SELECT o365.pause(-1)', '42704', 'there is no subscription -1', 'what does not exist is named');
RESET SESSION AUTHORIZATION;
SELECT is((SELECT s.sealed IS NULL AND s.webhook_index IS NULL AND s.user_index IS NULL
    FROM o365_internal.subscription AS s WHERE s.subscription_id = :bob), true, 'removing wipes the webhook');
SET LOCAL SESSION AUTHORIZATION shop;
SELECT isnt(o365.send(:bob, '{"text": "late"}'), NULL, 'no order is rolled back because a user disconnected');
RESET SESSION AUTHORIZATION;
SELECT is_empty($$SELECT a.attname FROM pg_attribute AS a WHERE a.attrelid IN ('o365.subscriptions'::regclass,
    'o365.queue'::regclass, 'o365.deliveries'::regclass, 'o365.connectors'::regclass)
    AND a.attname IN ('sealed', 'webhook_index', 'user_index', 'webhook_url', 'user_object_id')$$,
    'no view has a column for a secret');

SELECT * FROM finish();
ROLLBACK;
