-- Fields beside a card, of a connection and of a card; and events that a user does not want.
\ir fixtures/setup.sql
SELECT (o365_programs.worker_start('one', 'test', 'production') ->> 'worker')::integer AS w \gset
SELECT pg_temp.connect('ann') AS id, pg_temp.connect('bob') AS bob \gset
UPDATE o365_internal.subscription SET dialect = 'workflow' WHERE subscription_id = :id;
CREATE FUNCTION pg_temp.warnings(problems jsonb) RETURNS text[] LANGUAGE sql AS $$
    SELECT coalesce(array_agg(p->>'problem'), '{}') FROM jsonb_array_elements(problems) AS p
     WHERE p->>'problem' ~ 'extra|does not want' $$;
SELECT no_plan();

-- A link of begin_connect brings them, by the button too.
SELECT pg_temp.begin('s', 'c', 'eva') \g /dev/null
UPDATE o365_internal.ticket SET extra = '{"recipient": "eva"}' WHERE app_user = 'eva';
SELECT is(pg_temp.callback('s', 'c', 'r-0000000000e0', 'https://contoso.webhook.office.com/webhookb2/eva')->>'outcome',
    'connected', 'a ticket with fields connects');
SELECT is((SELECT s.extra FROM o365_internal.subscription AS s WHERE s.app_user = 'eva'), '{"recipient": "eva"}',
    'and the connection has them');

-- What is taken.
SET SESSION AUTHORIZATION shop;
SELECT is(o365.set_extra(:id, '{"recipient": "ann@contoso.example", "mode": ""}'),
    '{"recipient": "ann@contoso.example", "mode": ""}', 'an application sets the fields of its connection');
SELECT is((SELECT c.extra->>'recipient' FROM o365.connections('ann') AS c), 'ann@contoso.example', 'and reads them');
SELECT throws_ok(format('SELECT o365.set_extra(%s, %L)', :id, v.extra), '22023', v.words,
    'refused: ' || left(v.extra, 30))
  FROM (VALUES ('[]', 'extra is a JSON array'), ('"x"', 'extra is a JSON string'),
      ('{"a": 1}', 'extra has a field ''a'' that is a JSON number'),
            ('{"a": null}', 'extra has a field ''a'' that is a JSON null'),
            ('{"a": {"b": "c"}}', 'extra has a field ''a'' that is a JSON object'),
            ('{"type": "x"}', 'extra has a field ''type'', which is the envelope''s own'),
            ('{"attachments": "x"}', 'extra has a field ''attachments'', which is the envelope''s own'),
            ('{"": "x"}', 'extra has a field '''', which has no name'),
            (format('{"a": "%s"}', repeat('x', 992)), 'extra has 1001 bytes, and may have 1000')) AS v (extra, words);
SELECT lives_ok(format('SELECT o365.set_extra(%s, %L)', :id, format('{"a": "%s"}', repeat('x', 991))),
    'a thousand bytes are taken');
SELECT is(o365.set_extra(:id, NULL), '{}', 'none takes them away');
SELECT throws_ok(format('SELECT o365.send(%s, ''{"text": "x"}'', extra => ''{"type": "x"}'')', :id), '22023', NULL,
    'send judges those of a card');
SELECT throws_ok(format('SELECT o365.send_many(ARRAY[%s, %1$s]::bigint[], ARRAY[''{"text": "x"}'', '
                        '''{"text": "x"}'']::jsonb[], extras => ARRAY[NULL, ''[]'']::jsonb[])', :id), '22023',
    'card 2: extra is a JSON array', 'send_many names the card');
SELECT throws_ok(format('SELECT o365.send_many(ARRAY[%s]::bigint[], '
                        'ARRAY[''{"text": "x"}'']::jsonb[], extras => ARRAY[NULL, NULL]::jsonb[])', :id), '22023',
    'there are 1 connections, 1 cards, no events and 2 extras', 'and wants one a card');
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION stranger;
SELECT throws_ok(format('SELECT o365.set_extra(%s, NULL)', :id), '42501', NULL, 'another application sets nothing');
RESET SESSION AUTHORIZATION;

-- What leaves.
CREATE TEMP TABLE sent (n integer GENERATED ALWAYS AS IDENTITY, card_id bigint);
GRANT INSERT ON sent TO shop;
SET SESSION AUTHORIZATION shop;
SELECT o365.set_extra(:id, '{"recipient": "ann", "mode": "m"}') \g /dev/null
INSERT INTO sent (card_id) SELECT o365.send(:id, '{"text": "1"}');
INSERT INTO sent (card_id) SELECT o365.send(:id, '{"text": "2"}', extra => '{"recipient": "bob"}');
INSERT INTO sent (card_id) SELECT o365.send(:id, '{"text": "3"}'::json, NULL, '{"recipient": "carl"}'::json);
INSERT INTO sent (card_id) SELECT o365.send(:id, '{"text": "4"}'::text, NULL, '{"recipient": "dora"}'::text);
INSERT INTO sent (card_id) SELECT (o365.try_send(:id, '{"text": "5"}'::jsonb, extra => '{"x": "y"}')).card_id;
INSERT INTO sent (card_id) SELECT unnest(o365.send_many(ARRAY[:id, :id]::bigint[],
    ARRAY['{"text": "6"}', '{"text": "7"}']::jsonb[], extras => ARRAY[NULL, '{"mode": "n"}']::jsonb[]));
INSERT INTO sent (card_id) SELECT unnest(o365.send_many(json_build_array(json_build_object('subscription_id', :id,
    'card', '{"text": "8"}'::json, 'extra', '{"mode": "o"}'::json),
    json_build_object('subscription_id', :id, 'card', '{"text": "9"}'::json, 'extra', NULL))));
SELECT throws_ok(format($$SELECT o365.send_many('[{"subscription_id": %s, "card": {"text": "x"}, "extra": 1}]'::json)$$,
    :id), '22023', 'card 1: extra is a JSON number', 'a list judges them as well');
RESET SESSION AUTHORIZATION;
CREATE FUNCTION pg_temp.cards(worker integer, id bigint) RETURNS TABLE (card_id bigint, extra jsonb, ends_as text,
    reason text) LANGUAGE plpgsql AS $$
DECLARE
    v_lease record;
BEGIN
    UPDATE o365_internal.lane AS l SET next_at = CASE WHEN l.subscription_id = id THEN now() END, worker = NULL,
        lease_until = NULL;
    PERFORM o365_programs.worker_feed();
    SELECT l.* INTO v_lease FROM o365_programs.worker_lease(worker, '-infinity', 1) AS l;
    RETURN QUERY SELECT c.card_id, c.extra::jsonb, c.ends_as, c.reason
      FROM o365_programs.worker_cards(worker, ARRAY[id], ARRAY[v_lease.lease_no], 100, 1000000, 1000000) AS c
     WHERE c.position IS NOT NULL;
END $$;
SELECT o365_programs.worker_feed() \g /dev/null
SELECT results_eq(
    format('SELECT s.n, c.extra FROM pg_temp.cards(%s, %s) AS c JOIN sent AS s USING (card_id) ORDER BY 1', :w, :id),
    $$VALUES (1, '{"recipient": "ann", "mode": "m"}'::jsonb), (2, '{"recipient": "bob", "mode": "m"}'),
        (3, '{"recipient": "carl", "mode": "m"}'),
        (4, '{"recipient": "dora", "mode": "m"}'), (5, '{"recipient": "ann", "mode": "m", "x": "y"}'),
        (6, '{"recipient": "ann", "mode": "m"}'),
        (7, '{"recipient": "ann", "mode": "n"}'),
        (8, '{"recipient": "ann", "mode": "o"}'), (9, '{"recipient": "ann", "mode": "m"}')$$,
    'a worker gets the fields of the connection, and over them those of the card');
UPDATE o365_internal.subscription SET payload = 'card' WHERE subscription_id = :id;
SELECT is((SELECT count(c.extra) FROM pg_temp.cards(:w, :id) AS c), 0::bigint,
    'none where the workflow takes the bare card');
SET SESSION AUTHORIZATION shop;
SELECT is(pg_temp.warnings((o365.try_send(:id, '{"text": "x"}'::jsonb, extra => '{"a": "b"}')).problems),
    ARRAY['the extra fields are left out: the workflow of this connection takes the bare card'],
    'of which a card''s own are warned');
SELECT is(pg_temp.warnings((o365.try_send(:bob, '{"text": "x"}'::jsonb, extra => '{"a": "b"}')).problems),
    ARRAY['the extra fields are left out: a connector webhook takes a card alone'],
    'and so are those for a connector webhook');
SELECT is(pg_temp.warnings((o365.try_send(:bob, '{"text": "x"}'::jsonb, extra => '{}')).problems), '{}',
    'none need no warning');
RESET SESSION AUTHORIZATION;
SELECT is((SELECT count(c.extra) FROM pg_temp.cards(:w, :bob) AS c), 0::bigint, 'which gets none');
UPDATE o365_internal.subscription SET payload = 'envelope', extra = NULL WHERE subscription_id = :id;
SELECT o365_internal.queue_test_card(:id, '{"text": "test"}', 'test') \g /dev/null
UPDATE o365_internal.subscription SET extra = '{"recipient": "ann"}' WHERE subscription_id = :id;
SELECT is((SELECT c.extra->>'recipient' FROM pg_temp.cards(:w, :id) AS c LIMIT 1), 'ann',
    'test cards have the connection''s fields, as they are when they leave');
DELETE FROM o365_internal.outbox;

-- Size: card and fields together.
CREATE FUNCTION pg_temp.card(size integer) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('type', 'AdaptiveCard', 'version', '1.2',
        'body', jsonb_build_array(jsonb_build_object('type', 'TextBlock', 'text', repeat('x', size - 87)))) $$;
SELECT is(octet_length(pg_temp.card(23900)::text), 23900, 'a card of that size');
UPDATE o365_internal.subscription SET extra = NULL WHERE subscription_id = :id;
SET SESSION AUTHORIZATION shop;
SELECT isnt((o365.try_send(:id, pg_temp.card(23900))).card_id, NULL, 'fits');
SELECT throws_ok(format(
    'SELECT o365.send(%s, pg_temp.card(23900), extra => jsonb_build_object(''a'', repeat(''y'', 500)))', :id), '23514',
    format('card for connection %s refused: the card and its extra fields together have 24409 bytes, more than the far '
           'end takes ($)', :id), 'not with fields of 500 bytes');
SELECT is((o365.try_send(:id, pg_temp.card(23900), extra => jsonb_build_object('a', repeat('y', 500)))).card_id, NULL,
    'try_send says so');
SELECT throws_ok(format('SELECT o365.send_many(ARRAY[%s]::bigint[], ARRAY[pg_temp.card(23900)], '
                        'extras => ARRAY[jsonb_build_object(''a'', repeat(''y'', 500))])', :id), '23514', NULL,
    'and so does send_many');
RESET SESSION AUTHORIZATION;
DELETE FROM o365_internal.outbox;

-- Events that are not wanted.
UPDATE o365_internal.subscription SET unwanted_events = '{a ticket is opened}', extra = NULL
 WHERE subscription_id = :id;
SET SESSION AUTHORIZATION shop;
SELECT is(pg_temp.warnings((o365.try_send(:id, '{"text": "x"}'::jsonb, 'a ticket is opened')).problems),
    ARRAY['the user does not want the event ''a ticket is opened'': this card will end as cancelled'],
    'try_send says that its user does not want the event');
SELECT is(pg_temp.warnings((o365.try_send(:id, '{"text": "x"}'::jsonb, 'another')).problems), '{}',
    'nothing of another event');
SELECT is(pg_temp.warnings((o365.try_send(:id, '{"text": "x"}'::jsonb)).problems), '{}', 'nor without one');
SELECT is((SELECT c.unwanted_events FROM o365.connections('ann') AS c), '{a ticket is opened}',
    'the application sees what is not wanted');
RESET SESSION AUTHORIZATION;
SELECT results_eq(format('SELECT c.ends_as, c.reason FROM pg_temp.cards(%s, %s) AS c', :w, :id),
    $$VALUES ('cancelled', 'its user does not want this event'), (NULL, NULL), (NULL, NULL)$$,
    'the card ends as cancelled, the others leave');
UPDATE o365_internal.subscription SET status = 'removed', sealed = NULL, webhook_index = NULL, user_index = NULL
 WHERE subscription_id = :id;
SELECT results_eq(format('SELECT DISTINCT c.ends_as, c.reason FROM pg_temp.cards(%s, %s) AS c', :w, :id),
    $$VALUES ('cancelled', 'the subscription was removed or is gone')$$,
    'cards to a removed connection end as cancelled');
SET SESSION AUTHORIZATION shop;
SELECT throws_ok(format('SELECT o365.set_extra(%s, NULL)', :id), '55000', NULL, 'which takes no fields any more');
RESET SESSION AUTHORIZATION;
SELECT * FROM finish();
