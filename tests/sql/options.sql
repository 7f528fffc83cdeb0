-- Options of a card that say when it leaves: when it may, what replaces it, what goes first. Commits, because a round
-- of arrivals sees only what is committed.
\ir fixtures/setup.sql
SELECT no_plan();
\ir fixtures/options.sql

-- ---- not_before ----
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:ann, '{"text": "later"}', not_before => now() + interval '1 hour') AS later \gset
SELECT o365.send(:ann, '{"text": "now"}') AS now \gset
SELECT o365.send(:ann, '{"text": "past"}', not_before => now() - interval '1 hour') \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT is(pg_temp.state_of(:later), 'scheduled', 'a card with not_before waits for its time');
SELECT is(pg_temp.cards(:w, :ann), '{now,past}', 'outside the order, and one whose time has passed leaves at once');
SELECT is((o365_programs.worker_outlook() ->> 'next_at')::timestamptz,
    (SELECT s.due_at FROM o365_internal.scheduled AS s), '--once knows when the next one is due');
SELECT pg_temp.report(:w, :ann) \g /dev/null
SELECT results_eq('SELECT card_id, reason FROM o365.scheduled_cards',
    format('VALUES (%s::bigint, ''scheduled'')', :later), 'a view shows it');
UPDATE o365_internal.scheduled SET due_at = now();
SELECT is((o365_programs.worker_outlook() ->> 'unfed')::boolean, true, 'and when it is, there is something to do');
UPDATE o365_internal.scheduled SET due_at = now() - interval '2 minutes';
SELECT results_eq($$SELECT h.problem ~ '^1 scheduled card is not moved', h.example FROM o365.health() AS h WHERE h.code
    = 'feeding_behind'$$, format('VALUES (true, ''card %s'')', :later), 'health tells when nobody moves it');
UPDATE o365_internal.scheduled SET due_at = now();
SELECT o365.send(:ann, '{"text": "before it"}') \g /dev/null
SELECT cmp_ok(o365_programs.worker_feed(), '>=', 1, 'a round of arrivals moves what is due and asks for another one');
SELECT is(pg_temp.cards(:w, :ann), ARRAY['before it', 'later'], 'it comes after what was waiting then');
SELECT is(o.card_id = :later AND o.position > :later, true, 'under its name, at a new place')
  FROM o365_internal.outbox AS o WHERE o.card_id = :later;
BEGIN;
SELECT setval('o365_internal.card_id', 1) \g /dev/null
SELECT o365_internal.advance_sequences() \g /dev/null
SELECT is((SELECT c.last_value FROM o365_internal.card_id AS c),
    (SELECT max(o.position) FROM o365_internal.outbox AS o), 'which no card gets again after a restore');
ROLLBACK;
SELECT pg_temp.report(:w, :ann) \g /dev/null
SELECT is(pg_temp.state_of(:later), 'delivered', 'and arrives');
SELECT is(d.enqueued_at > now() + interval '50 minutes',
    true, 'its time in the queue counts from the time for which it was scheduled') FROM o365_internal.delivery AS d
 WHERE d.card_id = :later;
-- Those of one moment keep their order, also if they are many.
INSERT INTO o365_internal.scheduled (card_id, subscription_id, due_at, card, enqueued_at)
    SELECT nextval('o365_internal.card_id'), :ann, now() - interval '1 second', format('{"text": "%s"}', i), now()
      FROM generate_series(1, 1200) AS i;
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is((SELECT count(*) FROM o365_internal.scheduled), 200::bigint, 'a round moves a thousand at most');
SELECT o365_programs.worker_feed() \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.names(:ann), ARRAY(SELECT i::text FROM generate_series(1, 1200) AS i), 'and they keep their order');
DELETE FROM o365_internal.outbox;
-- Committed late: its time is before what was moved already.
INSERT INTO o365_internal.fed (snap, cluster) SELECT f.snap, f.cluster FROM o365_internal.fed AS f ORDER BY f.n DESC
    LIMIT 1;
INSERT INTO o365_internal.scheduled (card_id, subscription_id, due_at, card, enqueued_at)
    VALUES (nextval('o365_internal.card_id'), :ann, now() - interval '1 day', '{"text": "late"}', now());
SELECT pg_sleep(1.01);
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.names(:ann), '{late}', 'one that was committed after its time is moved within a second');
DELETE FROM o365_internal.outbox;
SELECT pg_temp.cards(:w, :ann), pg_temp.report(:w, :ann) \g /dev/null

-- ---- not_after ----
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:ann, '{"text": "fresh"}', not_after => now() + interval '1 hour') AS fresh \gset
SELECT o365.send(:ann, '{"text": "stale"}', not_after => now() - interval '1 second') AS stale \gset
SELECT o365.send(:ann, '{"text": "for ever"}', not_after => 'infinity') \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT matches(array_to_string(pg_temp.cards(:w, :ann), ', '),
    '^fresh, expired: it was to leave by [0-9: -]+ UTC, for ever$',
    'a card whose time has passed is claimed to end as expired');
SELECT is(c.expires_ms BETWEEN 3500000 AND 3600000, true, 'a worker is told how long another one may still leave')
  FROM o365_internal.lane AS l, LATERAL o365_programs.worker_cards(:w, ARRAY[l.subscription_id], ARRAY[l.lease_no], 1,
      1000000, 1000000) AS c WHERE l.subscription_id = :ann;
SELECT pg_temp.report(:w, :ann) \g /dev/null
SELECT is(pg_temp.state_of(:stale), 'expired', 'it ends so');
SELECT is(d.took_ms, NULL, 'without a POST') FROM o365_internal.delivery AS d WHERE d.card_id = :stale;
SELECT is((SELECT e.detail FROM o365_internal.event AS e WHERE e.card_id = :stale), 'expired',
    'and the application is told');
SELECT is(d.outcome, 'expired', 'the outcome is in the history') FROM o365.deliveries AS d WHERE d.card_id = :stale;
SELECT o365.alter_connector('desk', max_age => '2 hours') \g /dev/null
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:ann, '{"text": "1"}') AS a, o365.send(:ann, '{"text": "2"}',
           not_after => now() + interval '1 day') AS b,
       o365.send(:ann, '{"text": "3"}', not_before => now() + interval '1 day') AS c,
       (o365.send_many(ARRAY[:ann::bigint], ARRAY['{"text": "4"}'::jsonb]))[1] AS d \gset
RESET SESSION AUTHORIZATION;
SELECT results_eq(format('SELECT round(extract(epoch FROM x.not_after - now()) / 3600)::integer FROM (SELECT card_id, '
                         'not_after FROM o365_internal.outbox UNION ALL SELECT card_id, not_after '
                         'FROM o365_internal.scheduled) AS x WHERE x.card_id IN (%s, %s, %s, %s) ORDER BY x.card_id',
    :a, :b, :c, :d),
    'VALUES (2), (24), (26), (2)',
    'the connector''s max_age holds where not_after does not, from the time for which a card is scheduled');
SELECT o365.alter_connector('desk', max_age => '0') \g /dev/null
SELECT is((SELECT c.max_age FROM o365.connectors AS c), NULL, 'and is taken back by an interval of 0');
SELECT throws_ok($$SELECT o365.alter_connector('desk', max_age => '-1 hour')$$, '22023', NULL,
    'a max_age that is none is refused');
SELECT throws_ok($$SELECT o365.alter_connector('desk', when_blocked => 'jump')$$, '22023', NULL,
    'and so is an unknown policy');
DELETE FROM o365_internal.outbox;
DELETE FROM o365_internal.scheduled;
SELECT pg_temp.cards(:w, :ann), pg_temp.report(:w, :ann) \g /dev/null

-- What cannot hold is refused, with its name.
SET SESSION AUTHORIZATION shop;
SELECT throws_ok(format('SELECT o365.send(%s, ''{"text": "x"}'', %s)', :ann, v.options), '22023', v.words, v.options)
  FROM (VALUES
    ('not_before => ''infinity''', 'not_before is infinity'),
    ('not_before => now() + interval ''2 hours'', not_after => now() + interval ''1 hour''', NULL),
    ('collapse => ''''', 'collapse has 0 characters'), ('dedupe => ''''', 'dedupe has 0 characters'),
    ('collapse => repeat(''x'', 201)', 'collapse has 201 characters'),
    ('dedupe => repeat(''x'', 201)', 'dedupe has 201 characters')) AS v (options, words);
SELECT throws_ok(format($$SELECT o365.send_many('[{"subscription_id": %1$s, "card": {"text": "x"}}, '
                                                '{"subscription_id": %1$s, "card": {"text": "x"}, "dedupe": ""}]')$$,
    :ann), '22023', 'card 2: dedupe has 0 characters', 'send_many names the card');
RESET SESSION AUTHORIZATION;
SELECT is(pg_temp.names(:ann), '{}', 'and none of them is sent');

-- ---- collapse ----
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:ann, '{"text": "10 %"}', collapse => 'backup') AS c10 \gset
SELECT o365.send(:ann, '{"text": "other"}', collapse => 'restore') \g /dev/null
SELECT o365.send(:bob, '{"text": "of bob"}', collapse => 'backup') \g /dev/null
SELECT o365.send(:ann, '{"text": "20 %"}', collapse => 'backup') AS c20 \gset
SELECT o365.send(:ann, '{"text": "30 %"}', collapse => 'backup') AS c30 \gset
RESET SESSION AUTHORIZATION;
SELECT is(pg_temp.cards(:w, :ann), ARRAY['superseded: card ' || :c30 || ' replaced it', 'other',
    'superseded: card ' || :c30 || ' replaced it', '30 %'], 'only the newest of a key leaves, at its own place');
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:ann, '{"text": "40 %"}', collapse => 'backup') AS c40 \gset
RESET SESSION AUTHORIZATION;
SELECT is(pg_temp.report(:w, :ann, n => 4), 4,
    'what came after the claim replaces nothing that was claimed, before it is fed');
SELECT is(pg_temp.ends(:ann) @> '{superseded,delivered}', true, 'they end as superseded');
SELECT is(pg_temp.cards(:w, :ann), '{40 %}', 'a key whose card has left counts no more');
SELECT pg_temp.report(:w, :ann, 'retry') \g /dev/null
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:ann, '{"text": "50 %"}', collapse => 'backup') AS c50 \gset
RESET SESSION AUTHORIZATION;
SELECT is(pg_temp.cards(:w, :ann), ARRAY['superseded: card ' || :c50 || ' replaced it', '50 %'],
    'a card that is tried again is replaced');
SELECT pg_temp.report(:w, :ann, 'in_doubt') \g /dev/null
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:ann, '{"text": "60 %"}', collapse => 'backup') \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT is(pg_temp.cards(:w, :ann), '{50 %,60 %}', 'one that may have been shown is not');
UPDATE o365_internal.outbox SET not_after = now() - interval '1 second' WHERE card_id = :c50;
SELECT matches((pg_temp.cards(:w, :ann))[1],
    '^expired: .*; it was posted without a clear answer and may have been shown$',
    'and when its time passes, that is said');
SELECT pg_temp.report(:w, :ann) \g /dev/null
SELECT pg_temp.cards(:w, :bob), pg_temp.report(:w, :bob) \g /dev/null
SELECT is(pg_temp.ends(:bob), '{delivered}', 'another connection has keys of its own');

-- ---- urgent ----
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:bob, '{"text": "1"}') \g /dev/null
SELECT o365.send(:bob, '{"text": "fire 1"}', urgent => true), o365.send(:bob, '{"text": "fire 2"}', urgent => true),
       o365.send(:bob, '{"text": "2"}', urgent => false) \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT is(pg_temp.cards(:w, :bob), ARRAY['fire 1', 'fire 2', '1', '2'],
    'urgent cards go first, in an order of their own');
SELECT o365.send_test(:bob) \g /dev/null
SELECT is((pg_temp.cards(:w, :bob))[2], 'fire 1', 'after test cards');
SELECT is(pg_temp.report(:w, :bob, n => 2), 2, 'the two of them arrive');
SELECT is(pg_temp.cards(:w, :bob), ARRAY['fire 2', '1', '2'], 'and the others follow');
SELECT pg_temp.report(:w, :bob) \g /dev/null
SELECT ok(l.next_at IS NULL AND l.late IS NULL, 'an empty lane is quiet') FROM o365_internal.lane AS l
 WHERE l.subscription_id = :bob;
-- More than a lane's list takes.
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:bob, '{"text": "calm"}') \g /dev/null
SELECT o365.send(:bob, format('{"text": "%s"}', i)::jsonb, urgent => true)
  FROM generate_series(1, 150) AS i \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT is(pg_temp.cards(:w, :bob), ARRAY(SELECT i::text FROM generate_series(1, 100) AS i), 'also if they are many');
SELECT pg_temp.report(:w, :bob) \g /dev/null
SELECT is(pg_temp.cards(:w, :bob), ARRAY(SELECT i::text FROM generate_series(101, 150) AS i) || '{calm}', 'each once');
SELECT pg_temp.report(:w, :bob) \g /dev/null
SELECT is(cardinality(pg_temp.ends(:bob)), 1 + 5 + 151, 'all of them arrived');
-- It does not pass a retry, whose count it leaves alone, nor a pause.
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:bob, '{"text": "fails"}') AS fails \gset
RESET SESSION AUTHORIZATION;
SELECT pg_temp.cards(:w, :bob), pg_temp.report(:w, :bob, 'retry') \g /dev/null
UPDATE o365_internal.lane SET failing_since = now() - interval '3 hours' WHERE subscription_id = :bob;
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:bob, '{"text": "fire"}', urgent => true) \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(l.next_at > clock_timestamp(), true, 'an urgent card waits for the next try of the card before it')
  FROM o365_internal.lane AS l WHERE l.subscription_id = :bob;
SELECT is(pg_temp.cards(:w, :bob), '{fire,fails}', 'and then goes first');
SELECT pg_temp.report(:w, :bob, n => 1) \g /dev/null
SELECT results_eq(format('SELECT l.failures, now() - l.failing_since > interval ''2 hours'' '
                         'FROM o365_internal.lane AS l WHERE l.subscription_id = %s', :bob), 'VALUES (1, true)',
    'what went before a card that is tried again does not restart its count');
SELECT pg_temp.cards(:w, :bob), pg_temp.report(:w, :bob) \g /dev/null
SELECT o365.pause(:bob) \g /dev/null
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:bob, '{"text": "fire"}', urgent => true) \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT is(pg_temp.cards(:w, :bob), '{}', 'a paused lane has test cards alone');
SELECT pg_temp.report(:w, :bob) \g /dev/null
SELECT is(l.next_at, NULL, 'and is quiet') FROM o365_internal.lane AS l WHERE l.subscription_id = :bob;
SELECT o365.resume(:bob) \g /dev/null
SELECT is(pg_temp.cards(:w, :bob), '{fire}', 'until it is resumed');
SELECT pg_temp.report(:w, :bob) \g /dev/null
-- It passes a schedule.
UPDATE o365_internal.lane SET why = 'schedule', not_before = now() + interval '5 hours' WHERE subscription_id = :bob;
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:bob, '{"text": "morning"}') \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT is(pg_temp.cards(:w, :bob, false), '{}', 'a lane that waits for its schedule is left alone');
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:bob, '{"text": "fire 1"}', urgent => true), o365.send(:bob, '{"text": "fire 2"}',
    urgent => true) \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT is(pg_temp.cards(:w, :bob, false), ARRAY['fire 1', 'fire 2'], 'but for its urgent cards');
SELECT is((SELECT r.may_send FROM o365_internal.lane AS l, LATERAL o365_programs.worker_recheck(ARRAY[
    l.subscription_id], ARRAY[l.lease_no], '{1}') AS r WHERE l.subscription_id = :bob), true, 'which may be posted');
SELECT pg_temp.report(:w, :bob, n => 1) \g /dev/null
SELECT is(pg_temp.cards(:w, :bob, false), ARRAY['fire 2'], 'one after the other');
SELECT pg_temp.report(:w, :bob, 'retry') \g /dev/null
SELECT results_eq(
    format('SELECT l.why, l.not_before > now() + interval ''4 hours'', l.next_at BETWEEN clock_timestamp() '
           'AND now() + interval ''1 minute'' FROM o365_internal.lane AS l WHERE l.subscription_id = %s', :bob),
    $$VALUES ('schedule', true, true)$$, 'one that failed is tried again before the schedule, which stands');
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:bob, '{"text": "fire 3"}', urgent => true) \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(l.next_at > clock_timestamp(), true, 'and the next one waits for it') FROM o365_internal.lane AS l
 WHERE l.subscription_id = :bob;
SELECT is(pg_temp.cards(:w, :bob), ARRAY['fire 2', 'fire 3'], 'both go then');
SELECT pg_temp.report(:w, :bob) \g /dev/null
SELECT results_eq(
    format('SELECT l.why, l.next_at = l.not_before FROM o365_internal.lane AS l WHERE l.subscription_id = %s', :bob),
    $$VALUES ('schedule', true)$$, 'the other card waits for its schedule as before');
-- Many of them, past what the list takes.
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:bob, format('{"text": "%s"}', i)::jsonb, urgent => true)
  FROM generate_series(1, 120) AS i \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT is(cardinality(pg_temp.cards(:w, :bob, false)), 100, 'many urgent cards pass a schedule, too');
SELECT pg_temp.report(:w, :bob) \g /dev/null
SELECT is(cardinality(pg_temp.cards(:w, :bob, false)), 20, 'all of them');
SELECT pg_temp.report(:w, :bob) \g /dev/null
SELECT is(l.next_at = l.not_before, true, 'then the lane waits again') FROM o365_internal.lane AS l
 WHERE l.subscription_id = :bob;
UPDATE o365_internal.lane SET not_before = now() - interval '1 second' WHERE subscription_id = :bob;
SELECT is(pg_temp.cards(:w, :bob), ARRAY['morning'], 'when its time has come all cards leave');
SELECT pg_temp.report(:w, :bob) \g /dev/null
-- Handed over anew, after a restore.
UPDATE o365_internal.lane SET why = NULL, not_before = NULL;
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:bob, '{"text": "calm"}'), o365.send(:bob, '{"text": "fire"}', urgent => true) \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT o365.send_test(:bob) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT o365_internal.hand_over_again(ARRAY(SELECT o.ctid FROM o365_internal.outbox AS o WHERE o.subscription_id = :bob),
    ARRAY(SELECT :bob::bigint FROM o365_internal.outbox AS o WHERE o.subscription_id = :bob),
    ARRAY[:bob]::bigint[]) \g /dev/null
SELECT is((pg_temp.cards(:w, :bob))[2:], '{fire,calm}', 'a restored database keeps what goes first');
SELECT is(pg_temp.report(:w, :bob), 3, 'and sends each once');
SELECT * FROM finish();
