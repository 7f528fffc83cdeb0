-- Options of a card: when it may leave, what replaces it, what is sent once, what goes first, and what becomes of those
-- that failed. Commits, because a round of arrivals sees only what is committed.
\ir fixtures/setup.sql
SELECT no_plan();
SELECT pg_temp.connect('ann') AS ann, pg_temp.connect('bob') AS bob, pg_temp.connect('carl') AS carl,
       pg_temp.connect('dora') AS dora \gset
SELECT (o365_programs.worker_start('w', 'test', 'production') ->> 'worker')::integer AS w \gset
CREATE FUNCTION pg_temp.names(s bigint) RETURNS text[] LANGUAGE sql AS $$
    SELECT coalesce(array_agg(o.card::jsonb->>'text' ORDER BY o.position), '{}') FROM o365_internal.outbox AS o
     WHERE o.subscription_id = s $$;
-- Leases one lane, whatever it waits for is over, and says what its cards are: their texts, or how they end.
CREATE FUNCTION pg_temp.cards(w integer, s bigint, is_due boolean DEFAULT true) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    v_lease bigint;
BEGIN
    PERFORM o365_programs.worker_feed();
    UPDATE o365_internal.lane AS l SET next_at = NULL, worker = NULL, lease_until = NULL WHERE l.subscription_id <> s;
    UPDATE o365_internal.lane AS l SET worker = NULL, lease_until = NULL, next_at = CASE WHEN is_due THEN now()
        ELSE l.next_at END WHERE l.subscription_id = s;
    v_lease := (SELECT l.lease_no FROM o365_programs.worker_lease(w, '-infinity', 1) AS l);
    RETURN ARRAY(SELECT coalesce(c.card::jsonb->>'text', c.ends_as || ': ' || c.reason)
                   FROM o365_programs.worker_cards(w, ARRAY[s], ARRAY[v_lease], 100, 1000000, 1000000) AS c
                  WHERE c.position IS NOT NULL);
END $$;
-- Reports the cards of the lease, all with one outcome or as they end, and releases the lane.
CREATE FUNCTION pg_temp.report(w integer, s bigint, outcome text DEFAULT 'delivered', n integer DEFAULT 100)
    RETURNS integer LANGUAGE sql AS $$
    SELECT (o365_programs.worker_report(w, coalesce(array_agg(c.s), '{}'), coalesce(array_agg(c.l), '{}'),
        coalesce(array_agg(c.p), '{}'), coalesce(array_agg(c.o), '{}'),
        coalesce(array_agg(NULL::integer), '{}'), coalesce(array_agg(CASE WHEN c.posted THEN 200 END), '{}'),
        coalesce(array_agg(NULL::integer), '{}'),
        coalesce(array_agg(CASE WHEN c.posted THEN 1 END), '{}'), coalesce(array_agg(c.r), '{}'), ARRAY[report.s],
        (SELECT array_agg(l.lease_no) FROM o365_internal.lane AS l WHERE l.subscription_id = report.s), '{t}',
        '{1}')).ended
      FROM (SELECT c.subscription_id AS s, c.lease_no AS l, c.position AS p, coalesce(c.ends_as, outcome) AS o,
          c.reason AS r, c.ends_as IS NULL AS posted
              FROM o365_internal.lane AS la, LATERAL o365_programs.worker_cards(w, ARRAY[s], ARRAY[la.lease_no], n,
                  1000000, 1000000) AS c
             WHERE la.subscription_id = s AND c.position IS NOT NULL) AS c $$;
CREATE FUNCTION pg_temp.ends(s bigint) RETURNS text[] LANGUAGE sql AS $$
    SELECT coalesce(array_agg(d.outcome ORDER BY d.card_id), '{}') FROM o365_internal.delivery AS d
     WHERE d.subscription_id = s $$;
CREATE FUNCTION pg_temp.count_waiting(app_user text) RETURNS bigint LANGUAGE sql AS $$
    SELECT (SELECT sum(c.waiting) FROM o365.connections(app_user) AS c)::bigint $$;
CREATE FUNCTION pg_temp.state_of(c bigint) RETURNS text LANGUAGE sql AS $$
    SELECT CASE WHEN EXISTS (SELECT FROM o365_internal.outbox AS o WHERE o.card_id = c) THEN 'waits'
                WHEN EXISTS (SELECT FROM o365_internal.scheduled AS s WHERE s.card_id = c) THEN 'scheduled'
                ELSE (SELECT d.outcome FROM o365_internal.delivery AS d WHERE d.card_id = c) END $$;

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
