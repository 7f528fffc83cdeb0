-- What is sent once, what is cancelled, and what becomes of cards that failed. Commits, because a round of arrivals
-- sees only what is committed.
\ir fixtures/setup.sql
SELECT no_plan();
\ir fixtures/options.sql

-- ---- dedupe ----
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:carl, '{"text": "order 1"}', dedupe => 'order-1') AS first \gset
SELECT is(o365.send(:carl, '{"text": "order 1"}', dedupe => 'order-1'), :first::bigint,
    'a repeated key returns the first card');
SELECT is((o365.try_send(:carl, '{"text": "order 1"}', dedupe => 'order-1')).card_id, :first::bigint, 'by every way');
SELECT matches((o365.try_send(:carl, '{"text": "order 1"}', dedupe => 'order-1')).problems #>> '{0,problem}',
    'was sent with the dedupe key ''order-1''', 'with a warning');
SELECT (o365.send_many(ARRAY[:carl, :dora]::bigint[], ARRAY['{"text": "order 1"}', '{"text": "order 1"}']::jsonb[],
    dedupe => 'order-1'))::text AS many \gset
SELECT is((:'many'::bigint[])[1], :first::bigint, 'of send_many, too') UNION ALL
    SELECT is(pg_temp.count_waiting('dora'), 1::bigint, 'for each connection apart');
SELECT is(cardinality(ARRAY(SELECT DISTINCT unnest(o365.send_many(format(
    '[{"subscription_id": %1$s, "card": {"text": "order 2"}, "dedupe": "order-2", "collapse": "o", "urgent": true}, '
    '{"subscription_id": %1$s, "card": {"text": "again"}, "dedupe": "order-2"}]', :carl)::json)))), 1,
    'within one call as well');
SELECT is((SELECT count(*) FROM o365.send_to_user('desk', 'carl',
    '{"text": "order 1"}', dedupe => 'order-1', extra => '{"a": "b"}') AS s WHERE s.card_id = :first), 1::bigint,
    'and by send_to_user, which takes extra and options');
RESET SESSION AUTHORIZATION;
SELECT is(pg_temp.names(:carl), ARRAY['order 2', 'order 1'], 'no second card is made');
SELECT is((SELECT count(*) FROM o365_internal.card_warning AS w WHERE w.subscription_id = :carl), 0::bigint,
    'nor a warning kept');
BEGIN;
SET LOCAL SESSION AUTHORIZATION shop;
SELECT o365.send(:carl, '{"text": "order 3"}', dedupe => 'order-3') \g /dev/null
ROLLBACK;
SET SESSION AUTHORIZATION shop;
SELECT isnt(o365.send(:carl, '{"text": "order 3"}', dedupe => 'order-3'), NULL,
    'a sender that rolled back leaves nothing');
RESET SESSION AUTHORIZATION;
SELECT is((pg_temp.names(:carl))[3], 'order 3', 'and the next one sends');
UPDATE o365_internal.dedupe SET until = now() WHERE key = 'order-1';
SET SESSION AUTHORIZATION shop;
SELECT cmp_ok(o365.send(:carl, '{"text": "order 1"}', dedupe => 'order-1'), '>', :first::bigint,
    'after dedupe_hours the key is free');
RESET SESSION AUTHORIZATION;
UPDATE o365_internal.dedupe SET until = now() - interval '1 second' WHERE key = 'order-2';
SELECT o365_programs.worker_chores(:w) \g /dev/null
SELECT is(ARRAY(SELECT d.key FROM o365_internal.dedupe AS d WHERE d.subscription_id = :carl ORDER BY d.key),
    '{order-1,order-3}', 'a chore forgets those that count no more');
SELECT pg_temp.cards(:w, :carl), pg_temp.report(:w, :carl) \g /dev/null

-- ---- cancel ----
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:dora, '{"text": "1"}') AS c1, o365.send(:dora, '{"text": "2"}') AS c2,
       o365.send(:dora, '{"text": "3"}') AS c3,
       o365.send(:dora, '{"text": "4"}', not_before => now() + interval '1 day') AS c4 \gset
SELECT is(o365.cancel_card(:c1, 'a mistake'), 'cancelled', 'an application cancels a card that waits');
SELECT is(o365.cancel_card(:c4), 'cancelled', 'and one that is scheduled');
SELECT throws_ok(format('SELECT o365.cancel_card(%s)', :c1), '55000', format('card %s has ended already', :c1),
    'not one that has ended');
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION stranger;
SELECT throws_ok(format('SELECT o365.cancel_card(%s)', :c2), '42501', NULL, 'another application cancels nothing');
SELECT throws_ok('SELECT o365.cancel_card(0)', '42501', NULL, 'whether it is there or not');
SELECT throws_ok(format('SELECT o365.retry_card(%s)', :c1), '42501', NULL, 'nor sends it again');
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION keeper;
SELECT throws_ok('SELECT o365.cancel_card(0)', '42704', 'there is no card 0',
    'an operator is told that there is no such card');
RESET SESSION AUTHORIZATION;
SELECT results_eq(format(
    'SELECT d.outcome, d.reason FROM o365.deliveries AS d WHERE d.card_id IN (%s, %s) ORDER BY d.card_id', :c1, :c4),
    $$VALUES ('cancelled', 'a mistake'), ('cancelled', 'it was cancelled')$$, 'they end as cancelled, with the reason');
SELECT results_eq(format('SELECT e.actor, e.role, e.reason, e.detail FROM o365.events AS e '
                         'WHERE e.card_id = %s AND e.kind = ''card_cancelled''', :c1),
    $$VALUES ('application', 'shop', 'a mistake', 'cancelled')$$, 'and an event says who it was');
SELECT is((pg_temp.cards(:w, :dora))[2:], '{2,3}', 'the others stay');
SET SESSION AUTHORIZATION keeper;
SELECT is(o365.cancel_card(:c3, 'late'), 'cancelling', 'a card whose lane a worker has may be on its way');
RESET SESSION AUTHORIZATION;
SELECT is(pg_temp.report(:w, :dora, n => 2), 2, 'what the worker posts meanwhile counts as posted');
SELECT is(pg_temp.cards(:w, :dora), '{cancelled: late}', 'the next claim ends it');
SELECT pg_temp.report(:w, :dora) \g /dev/null
SELECT is(pg_temp.state_of(:c3), 'cancelled', 'as cancelled');
-- One that is being tried: the others need not wait for it.
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:dora, '{"text": "bad"}') AS bad, o365.send(:dora, '{"text": "good"}') AS good \gset
RESET SESSION AUTHORIZATION;
SELECT pg_temp.cards(:w, :dora), pg_temp.report(:w, :dora, 'retry', 1) \g /dev/null
SELECT is(o365.cancel_card(:bad), 'cancelled', 'a card that is tried again is cancelled between its tries');
SELECT is(l.next_at <= clock_timestamp() AND l.failures = 0, true, 'and its lane goes on at once')
  FROM o365_internal.lane AS l WHERE l.subscription_id = :dora;
SELECT is((SELECT d.attempts FROM o365.deliveries AS d WHERE d.card_id = :bad), 1::bigint, 'its POSTs are counted');
SELECT pg_temp.cards(:w, :dora), pg_temp.report(:w, :dora) \g /dev/null
SELECT is(pg_temp.state_of(:good), 'delivered', 'with the next one');

-- ---- retry ----
DELETE FROM o365_internal.dead_card;
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:dora, '{"text": "refused"}', 'a ticket is opened') AS refused, o365.send(:dora, '{"text": "stale"}',
    not_after => now()) AS stale \gset
RESET SESSION AUTHORIZATION;
SELECT pg_temp.cards(:w, :dora), pg_temp.report(:w, :dora, 'dead') \g /dev/null
SELECT is(ARRAY(SELECT d.card_id FROM o365_internal.dead_card AS d ORDER BY 1), ARRAY[:refused, :stale]::bigint[],
    'the content of what did not arrive is kept');
SET SESSION AUTHORIZATION shop;
SELECT o365.retry_card(:refused) AS again \gset
SELECT throws_ok(format('SELECT o365.retry_card(%s)', :refused), '55000', NULL, 'it is sent again once');
SELECT throws_ok(format('SELECT o365.retry_card(%s)', :good), '55000',
    format('card %s cannot be sent again: it ended as delivered', :good), 'what arrived is not');
SELECT throws_ok(format('SELECT o365.retry_card(%s)', :again), '55000',
    format('card %s cannot be sent again: it has not ended', :again), 'nor what waits');
RESET SESSION AUTHORIZATION;
SELECT results_eq(format('SELECT o.card, o.event FROM o365_internal.outbox AS o WHERE o.card_id = %s', :again),
    $$VALUES ('{"text": "refused"}', 'a ticket is opened')$$, 'as a new card with its content');
SELECT is((SELECT e.detail FROM o365.events AS e WHERE e.card_id = :refused AND e.kind = 'card_retried'), :'again',
    'an event says which');
SELECT pg_temp.cards(:w, :dora), pg_temp.report(:w, :dora, 'dead') \g /dev/null
SET SESSION AUTHORIZATION keeper;
SELECT is(o365.retry_dead('desk', now() - interval '1 hour', 'expired'), 1,
    'an operator sends all of an outcome again');
SELECT is(o365.retry_dead(NULL, now() - interval '1 hour'), 1, 'of all connectors as well');
SELECT is(o365.retry_dead('desk', now() - interval '1 hour'), 0, 'each once');
SELECT throws_ok($$SELECT o365.retry_dead('desk', now(), 'delivered')$$, '22023', NULL, 'not what arrived');
SELECT throws_ok($$SELECT o365.retry_dead('nothing', now())$$, '42704', NULL, 'of a connector that there is');
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION stranger;
SELECT throws_ok($$SELECT o365.retry_dead('desk', now())$$, '42501', NULL, 'an application for its own connectors');
SELECT is(o365.retry_dead(NULL, '-infinity'), 0, 'alone');
RESET SESSION AUTHORIZATION;
SELECT is(pg_temp.names(:dora), '{stale,refused}', 'they wait as new cards');
-- An in_doubt one of card_failed, and the bound on what is kept.
UPDATE o365_internal.subscription SET in_doubt_policy = 'skip' WHERE subscription_id = :dora;
SELECT pg_temp.cards(:w, :dora), pg_temp.report(:w, :dora, 'in_doubt', 1) \g /dev/null
SELECT is((SELECT d.outcome FROM o365_internal.dead_card AS d WHERE d.card::jsonb->>'text' = 'stale'), 'in_doubt',
    'what ended in doubt is kept as well');
SELECT pg_temp.cards(:w, :dora), pg_temp.report(:w, :dora) \g /dev/null
UPDATE o365_internal.dead_card SET at = now() - interval '8 days';
SELECT o365_programs.worker_chores(:w) \g /dev/null
SELECT is((SELECT count(*) FROM o365_internal.dead_card), 0::bigint, 'for dead_card_days');
SELECT o365.set('dead_card_days', '0') \g /dev/null
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:dora, '{"text": "refused"}') AS refused \gset
RESET SESSION AUTHORIZATION;
SELECT pg_temp.cards(:w, :dora), pg_temp.report(:w, :dora, 'dead') \g /dev/null
SELECT is((SELECT count(*) FROM o365_internal.dead_card), 0::bigint, 'not at all if the operator says so');
SELECT throws_ok(format('SELECT o365.retry_card(%s)', :refused), '55000',
    format('card %s cannot be sent again: its content is not kept any more', :refused), 'which is said');
SELECT o365.set('dead_card_days', '7') \g /dev/null

-- A card that a newer one replaced stays where it ended, as long as the newer one waits or when it has arrived.
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:dora, '{"text": "red"}', collapse => 'state') AS red \gset
RESET SESSION AUTHORIZATION;
SELECT pg_temp.cards(:w, :dora), pg_temp.report(:w, :dora, 'dead') \g /dev/null
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:dora, '{"text": "green"}', collapse => 'state', not_before => now() + interval '1 hour') AS green,
       o365.send(:dora, '{"text": "blue"}', collapse => 'state') AS blue \gset
SELECT is(o365.retry_dead('desk', now() - interval '1 hour'), 0, 'what a newer card replaces is left out');
SELECT o365.cancel_card(:blue) \g /dev/null
SELECT throws_ok(format('SELECT o365.retry_card(%s)', :red), '55000',
    format('card %s cannot be sent again: card %s replaced it', :red, :green), 'also by one that is scheduled');
RESET SESSION AUTHORIZATION;
UPDATE o365_internal.scheduled SET due_at = now() WHERE card_id = :green;
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.cards(:w, :dora), '{green}', 'the newer one leaves');
SELECT pg_temp.report(:w, :dora, 'delivered'), o365_internal.chore_forget_options() \g /dev/null
SELECT is(o365.retry_dead('desk', now() - interval '1 hour'), 0, 'and counts when it has arrived');
SELECT is_empty(format('SELECT * FROM o365.explain_card(%s) AS e WHERE e.sentence ~ ''retry_card''', :red),
    'nobody is told to send the older one again');
DELETE FROM o365_internal.dead_card;
SELECT o365_internal.chore_forget_options() \g /dev/null
SELECT is_empty('SELECT FROM o365_internal.collapse AS c WHERE c.key = ''state''', 'then the key is forgotten');
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:dora, '{"text": "red"}', collapse => 'state') AS red \gset
RESET SESSION AUTHORIZATION;
SELECT pg_temp.cards(:w, :dora), pg_temp.report(:w, :dora, 'dead') \g /dev/null
SELECT o365.retry_card(:red) AS red \gset
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:dora, '{"text": "green"}', collapse => 'state') AS green \gset
RESET SESSION AUTHORIZATION;
SELECT is(pg_temp.cards(:w, :dora), ARRAY[format('superseded: card %s replaced it', :green), 'green'],
    'one that is sent again is replaced by what comes later');
SELECT pg_temp.report(:w, :dora, 'delivered') \g /dev/null

-- ---- when_blocked ----
SELECT o365.alter_connector('desk', when_blocked => 'pass') \g /dev/null
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:carl, '{"text": "bad"}') AS bad, o365.send(:carl, '{"text": "good 1"}') AS good1,
       o365.send(:carl, '{"text": "good 2"}') AS good2 \gset
RESET SESSION AUTHORIZATION;
SELECT pg_temp.cards(:w, :carl), pg_temp.report(:w, :carl, 'retry', 1) \g /dev/null
SELECT pg_temp.cards(:w, :carl), pg_temp.report(:w, :carl, 'retry', 1) \g /dev/null
SELECT is(pg_temp.state_of(:bad), 'waits', 'a card that fails holds up its lane at first');
SELECT pg_temp.cards(:w, :carl), pg_temp.report(:w, :carl, 'retry', 1) \g /dev/null
SELECT is(pg_temp.state_of(:bad), 'scheduled', 'after set_aside_after POSTs it is set aside');
SELECT matches(s.reason, '^set aside since [0-9: -]+, after it failed 3 times: ', 'which a view says')
  FROM o365.scheduled_cards AS s WHERE s.card_id = :bad;
SELECT is(l.next_at <= clock_timestamp() AND l.failures = 0 AND l.why IS NULL, true, 'the lane goes on at once')
  FROM o365_internal.lane AS l WHERE l.subscription_id = :carl;
SELECT is(pg_temp.cards(:w, :carl), ARRAY['good 1', 'good 2'], 'with the cards behind it');
SELECT is(pg_temp.report(:w, :carl, n => 1), 1, 'which arrive');
UPDATE o365_internal.scheduled SET due_at = now();
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.cards(:w, :carl), ARRAY['bad', 'good 2'], 'when its time has come it goes before what waits');
SELECT pg_temp.report(:w, :carl, 'retry', 1) \g /dev/null
SELECT results_eq(format('SELECT a.failures, a.card_id FROM o365_internal.set_aside AS a WHERE a.subscription_id = %s',
    :carl), format('VALUES (4, %s::bigint)', :bad), 'once, and is set aside again, its failures counted on');
SELECT is(pg_temp.cards(:w, :carl), ARRAY['good 2'], 'so that it holds nobody up');
SELECT pg_temp.report(:w, :carl) \g /dev/null
-- Give-up holds, from its own first failure.
UPDATE o365_internal.scheduled SET due_at = now();
UPDATE o365_internal.set_aside SET failing_since = now() - interval '25 hours', tried_until = now();
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.cards(:w, :carl), pg_temp.report(:w, :carl, 'retry') \g /dev/null
SELECT is(pg_temp.state_of(:bad), 'dead', 'a card that was set aside is given up like others');
SELECT is((SELECT d.attempts FROM o365.deliveries AS d WHERE d.card_id = :bad), 5::bigint, 'all its POSTs are counted');
SELECT is((SELECT count(*) FROM o365_internal.set_aside), 0::bigint, 'and nothing of it stays');
SELECT is(o365.retry_card(:bad) > :bad, true, 'but its content');
SELECT pg_temp.cards(:w, :carl), pg_temp.report(:w, :carl) \g /dev/null
-- One that arrives in the end.
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:carl, '{"text": "slow"}') AS slow \gset
RESET SESSION AUTHORIZATION;
SELECT pg_temp.cards(:w, :carl), pg_temp.report(:w, :carl, 'retry'), pg_temp.cards(:w, :carl),
       pg_temp.report(:w, :carl, 'retry'), pg_temp.cards(:w, :carl), pg_temp.report(:w, :carl, 'retry') \g /dev/null
UPDATE o365_internal.scheduled SET due_at = now();
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.cards(:w, :carl), pg_temp.report(:w, :carl) \g /dev/null
SELECT is(pg_temp.state_of(:slow), 'delivered', 'a card that was set aside arrives');
SELECT o365_programs.worker_chores(:w) \g /dev/null
SELECT is((SELECT count(*) FROM o365_internal.set_aside), 0::bigint, 'and a chore forgets its count');
-- Ten at most; then it is the webhook, and the lane waits.
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:carl, format('{"text": "%s"}', i)::jsonb) FROM generate_series(1, 11) AS i \g /dev/null
SELECT o365.send(:carl, '{"text": "key"}', collapse => 'key') AS key \gset
RESET SESSION AUTHORIZATION;
DO $$
DECLARE
    v_carl bigint := (SELECT s.subscription_id FROM o365_internal.subscription AS s WHERE s.app_user = 'carl');
    v_w integer := (SELECT max(w.worker_id) FROM o365_internal.worker AS w);
BEGIN
    PERFORM o365_programs.worker_feed();
END $$;
SELECT count(*) FROM (SELECT pg_temp.cards(:w, :carl), pg_temp.report(:w, :carl, 'retry', 1)
    FROM generate_series(1, 40)) AS x \g /dev/null
SELECT is((SELECT count(*) FROM o365_internal.scheduled AS s WHERE s.subscription_id = :carl), 10::bigint,
    'at most ten cards of a lane are aside');
SELECT is((SELECT l.why FROM o365_internal.lane AS l WHERE l.subscription_id = :carl), 'retry', 'then the lane waits');
DELETE FROM o365_internal.scheduled;
DELETE FROM o365_internal.set_aside;
DELETE FROM o365_internal.outbox WHERE card_id <> :key;
SELECT pg_temp.cards(:w, :carl), pg_temp.report(:w, :carl, 'retry'), pg_temp.cards(:w, :carl),
       pg_temp.report(:w, :carl, 'retry'), pg_temp.cards(:w, :carl), pg_temp.report(:w, :carl, 'retry') \g /dev/null
SELECT is(pg_temp.state_of(:key), 'waits',
    'a card with a collapse key is not set aside: what replaces it must not pass it');
SELECT o365.alter_connector('desk', when_blocked => 'wait') \g /dev/null

-- ---- removed, erased, swept ----
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:dora, '{"text": "dora-later"}', not_before => now() + interval '1 day', collapse => 'dora-key',
    dedupe => 'dora-dedupe') AS later \gset
SELECT is(strpos(o365.export_user('dora')::text, 'dora-later') > 0 AND strpos(o365.export_user('dora')::text,
    'dora-dedupe') > 0, true, 'an export has scheduled cards and keys');
SELECT o365.disconnect(:dora) \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.cards(:w, :dora), '{cancelled: the subscription was removed or is gone}',
    'what was scheduled ends with its connection');
SELECT pg_temp.report(:w, :dora) \g /dev/null
SELECT is(pg_temp.state_of(:later), 'cancelled', 'as cancelled');
SELECT is(ARRAY(SELECT e.what
    FROM o365.erase_user('dora') AS e WHERE e.what IN ('dedupe', 'dead_card', 'scheduled', 'set_aside') ORDER BY 1),
    '{dead_card,dedupe,scheduled,set_aside}', 'erasing a user erases what is kept for options');
SELECT is((SELECT count(*) FROM o365_internal.dedupe AS d WHERE d.subscription_id = :dora) + (SELECT count(*)
    FROM o365_internal.dead_card AS d WHERE d.subscription_id = :dora), 0::bigint, 'all of it');

-- ---- webhooks that are no more ----
CREATE FUNCTION pg_temp.gone(w integer, s bigint) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_temp.cards(w, s), pg_temp.report(w, s, 'gone', 1);
    UPDATE o365_internal.lane AS l SET gone_since = now() - interval '25 hours', tried_until = now()
     WHERE l.subscription_id = s;
    PERFORM pg_temp.cards(w, s), pg_temp.report(w, s, 'gone', 1);
    RETURN (SELECT x.status FROM o365_internal.subscription AS x WHERE x.subscription_id = s);
END $$;
DELETE FROM o365_internal.outbox;
UPDATE o365_internal.subscription SET app_type_normalised = 'teams' WHERE subscription_id IN (:ann, :bob);
UPDATE o365_internal.subscription SET webhook_host = 'webhooks.contoso.example' WHERE subscription_id = :bob;
SET SESSION AUTHORIZATION shop;
SELECT o365.send(s, '{"text": "x"}') FROM unnest(ARRAY[:ann, :bob, :carl]::bigint[]) AS s \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT is(ARRAY[pg_temp.gone(:w, :ann), pg_temp.gone(:w, :bob), pg_temp.gone(:w, :carl)], '{retired,gone,gone}',
    'a connector webhook of Teams at Microsoft is retired, one elsewhere or of a group gone');
SELECT results_eq($$SELECT h.severity, h.example, h.next_step ~ 'o365.dead_connectors' FROM o365.health() AS h
    WHERE h.code = 'connections_retired'$$, format('VALUES (''warning'', ''subscription %s'', true)', :ann),
    'health leads to what its user needs');
SELECT pg_temp.cards(:w, :ann), pg_temp.report(:w, :ann) \g /dev/null
SELECT is((pg_temp.ends(:ann))[cardinality(pg_temp.ends(:ann))], 'cancelled', 'what waits ends as cancelled');
UPDATE o365_internal.subscription SET status = 'active' WHERE subscription_id IN (:ann, :bob, :carl);

-- What drivers send: parameters without a type, texts.
SET SESSION AUTHORIZATION shop;
PREPARE by_driver AS SELECT o365.send($1, $2, not_before => $3, collapse => $4, urgent => $5);
EXECUTE by_driver (:ann, '{"text": "driver"}', '2099-01-01', 'key', 'true') \g /dev/null
SELECT is(ARRAY(SELECT s.due_at::date::text || s.collapse || s.urgent FROM o365.scheduled_cards AS s
    WHERE s.subscription_id = :ann), '{2099-01-01keytrue}', 'parameters without a type are taken');
RESET SESSION AUTHORIZATION;
SELECT * FROM finish();
