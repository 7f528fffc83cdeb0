-- Rounds of arrivals: bulk transactions, late cards, cards in parts, and whose failures count. Commits, as delivery.sql
-- does.
\ir fixtures/setup.sql
SELECT no_plan();
SELECT pg_temp.connect('ann') AS ann, pg_temp.connect('bob') AS bob, pg_temp.connect('carl') AS carl,
       pg_temp.connect('dora') AS dora, pg_temp.connect('eve') AS eve, pg_temp.connect('fay') AS fay \gset
SELECT (o365_programs.worker_start('w1', 'test', 'production') ->> 'worker')::integer AS w1 \gset
\ir fixtures/rounds.sql
CREATE FUNCTION pg_temp.status(s bigint) RETURNS text LANGUAGE sql AS $$
    SELECT x.status FROM o365_internal.subscription AS x WHERE x.subscription_id = s $$;
CREATE FUNCTION pg_temp.ends(s bigint) RETURNS text[] LANGUAGE sql AS $$
    SELECT array_agg(d.outcome ORDER BY d.at, d.card_id) FROM o365_internal.delivery AS d
     WHERE d.subscription_id = s $$;
-- How a rule reads an answer: as the worker does.
CREATE FUNCTION pg_temp.read(dialect text, status integer, body text) RETURNS text LANGUAGE sql AS $$
    SELECT r.outcome || ': ' || r.name FROM o365_internal.response_rule AS r
     WHERE r.dialect = read.dialect AND read.status BETWEEN r.status_from AND r.status_to
       AND (r.body_pattern IS NULL OR read.body ~* r.body_pattern)
     ORDER BY r.rule_id LIMIT 1 $$;

-- ---- a bulk transaction ----
CREATE TEMP TABLE crowd AS SELECT nextval('o365_internal.subscription_subscription_id_seq') AS id, i
    FROM generate_series(1, 2600) AS i;
INSERT INTO o365_internal.subscription (subscription_id, connector_id, app_user, dialect, webhook_host, webhook_index,
    status)
    SELECT c.id, s.connector_id, s.app_user, s.dialect, s.webhook_host, sha256(convert_to(c.i::text, 'UTF8')), 'active'
      FROM crowd AS c, o365_internal.subscription AS s WHERE s.subscription_id = :ann;
INSERT INTO o365_internal.lane (subscription_id) SELECT c.id FROM crowd AS c;
SELECT count(pg_temp.send(c.id, 2)) FROM crowd AS c \g /dev/null
SELECT is(o365_programs.worker_feed(), 1000, 'a broadcast to 2600 lanes: a round hands it to a thousand of them');
SELECT is((SELECT count(*) FROM o365_internal.lane AS l WHERE l.next_at IS NOT NULL), 1000::bigint, 'which are due');
SELECT is((o365_programs.worker_outlook() ->> 'unfed')::boolean, true, 'and --once knows that there is more');
SELECT pg_temp.send(:ann) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT ok((pg_temp.lane(:ann)).next_at <= clock_timestamp(), 'a card that comes meanwhile is fed at once');
SELECT is((SELECT count(*) FROM o365_internal.lane AS l WHERE l.next_at IS NOT NULL), 1001::bigint,
    'while lanes enough are due, the broadcast gets no more of them');
UPDATE o365_internal.lane SET next_at = now() + interval '1 hour' WHERE next_at IS NOT NULL AND subscription_id <> :ann;
SELECT (SELECT max(c.id) FROM crowd AS c) AS last \gset
UPDATE o365_internal.lane SET next_at = now() WHERE subscription_id = :last;
SELECT is_empty(format('SELECT c.position FROM pg_temp.claim(%s, ''-infinity'', 2, 10) AS c '
                       'WHERE c.subscription_id = %s AND c.position IS NOT NULL', :w1, :last),
    'a lane whose turn has not come gives none of its cards');
SELECT pg_temp.report(:w1, :last, (pg_temp.lane(:last)).lease_no, 0, 'delivered') \g /dev/null
SELECT is((SELECT count(*) FROM o365_internal.lane AS l WHERE l.subscription_id = :last AND l.next_at IS NULL),
    1::bigint, 'and waits for its turn');
INSERT INTO o365_internal.outbox (card_id, position, subscription_id, card)
    SELECT nextval('o365_internal.card_id'), currval('o365_internal.card_id'), :last - 1, '{"text": "newer"}';
SELECT is(o365_programs.worker_feed(), 1001,
    'when few are due, a round hands it to a thousand more, and to a lane for which something newer came');
SELECT results_eq(format(
    'SELECT c.card FROM pg_temp.claim(%s, ''-infinity'', 1001, 10) AS c WHERE c.subscription_id = %s', :w1, :last - 1),
    $$VALUES ('{"text": "1"}'), ('{"text": "2"}'), ('{"text": "newer"}')$$,
    'a lane for which something newer comes does not wait for its turn: what was sent first leaves first');
SELECT pg_temp.report(:w1, :last - 1, (pg_temp.lane(:last - 1)).lease_no, 0, 'delivered') \g /dev/null
UPDATE o365_internal.lane SET next_at = now() + interval '1 hour' WHERE next_at IS NOT NULL AND subscription_id <> :ann;
SELECT is((pg_temp.lane(:last)).next_at, NULL, 'and is not due again before it comes');
SELECT is(o365_programs.worker_feed(), 599, 'and the last one to the rest');
SELECT is((SELECT count(*) FROM o365_internal.handing) + (SELECT count(*) FROM o365_internal.handed_early), 0::bigint,
    'after which it is a transaction like any other');
SELECT is(o365_programs.worker_feed(), 0, 'and nothing is new');
UPDATE o365_internal.lane SET next_at = now() WHERE subscription_id = :last;
SELECT is((SELECT count(*) FROM pg_temp.claim(:w1, '-infinity', 1000, 10) AS c WHERE c.subscription_id = :last
    AND c.position IS NOT NULL), 2::bigint, 'the last lane has its cards');
DELETE FROM o365_internal.outbox;
UPDATE o365_internal.lane SET next_at = NULL, worker = NULL;
-- Many small transactions at once: whole ones, in turn.
DO $$
BEGIN
    FOR i IN 1 .. 60 LOOP
        PERFORM pg_temp.send(c.id) FROM (SELECT c.id FROM crowd AS c ORDER BY c.id LIMIT 100) AS c;
        COMMIT;
    END LOOP;
END $$;
SELECT is(o365_programs.worker_feed(), 100, 'of 6000 cards of small transactions a round takes 5000');
SELECT is((SELECT count(*) FROM o365_internal.outbox AS o WHERE pg_visible_in_snapshot(o.xid, (SELECT f.snap
    FROM o365_internal.fed AS f ORDER BY f.n DESC LIMIT 1))), 5000::bigint, 'all of those that it takes');
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is((SELECT count(*) FROM o365_internal.outbox AS o WHERE pg_visible_in_snapshot(o.xid, (SELECT f.snap
    FROM o365_internal.fed AS f ORDER BY f.n DESC LIMIT 1))), 6000::bigint, 'and the next one takes the rest');
DELETE FROM o365_internal.outbox;
UPDATE o365_internal.lane SET next_at = NULL, worker = NULL;

-- ---- late cards ----
SELECT pg_temp.send(:bob, 1) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.post(:w1, :bob, 'delivered') \g /dev/null
SELECT (pg_temp.lane(:bob)).cursor AS cursor \gset
SELECT pg_temp.send(:bob, 100) \g /dev/null
UPDATE o365_internal.outbox AS o SET position = o.position - 100000 WHERE o.subscription_id = :bob;
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(cardinality((pg_temp.lane(:bob)).late), 100, 'a hundred late cards are written down');
SELECT pg_temp.send(:bob, 3000) \g /dev/null
UPDATE o365_internal.outbox AS o SET position = o.position - 200000 WHERE o.subscription_id = :bob
   AND o.position > :cursor;
SELECT o365_programs.worker_feed() \g /dev/null
SELECT ok((pg_temp.lane(:bob)).late IS NULL AND (pg_temp.lane(:bob)).cursor < :cursor - 190000,
    'of more the cursor goes back to before the first');
SELECT results_eq(format(
    'SELECT c.position FROM pg_temp.claim(%s, ''-infinity'', 10, 10) AS c WHERE c.subscription_id = %s', :w1, :bob),
    format('SELECT o.position FROM o365_internal.outbox AS o WHERE o.subscription_id = %s ORDER BY 1 LIMIT 10', :bob),
    'and they come in order');
DELETE FROM o365_internal.outbox;
UPDATE o365_internal.lane SET next_at = NULL, worker = NULL, late = NULL;
-- An operator deletes rows.
SELECT pg_temp.send(:bob, 1) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
UPDATE o365_internal.lane SET late = '{7, 8}' WHERE subscription_id = :bob;
SELECT pg_temp.post(:w1, :bob, 'delivered') \g /dev/null
SELECT ok((pg_temp.lane(:bob)).next_at IS NULL AND (pg_temp.lane(:bob)).late IS NULL,
    'a late position without its card makes no lane due for ever');

-- ---- cards in parts ----
DELETE FROM o365_internal.outbox;
INSERT INTO o365_internal.outbox (card_id, position, subscription_id, card)
    SELECT nextval('o365_internal.card_id'), currval('o365_internal.card_id'), s.id, repeat('x', 30000)
      FROM (VALUES (:ann), (:bob), (:carl)) AS s (id), generate_series(1, 5);
SELECT o365_programs.worker_feed() \g /dev/null
CREATE TEMP TABLE leased AS SELECT array_agg(l.subscription_id ORDER BY l.subscription_id) AS s,
    array_agg(l.lease_no ORDER BY l.subscription_id) AS l, max(l.lease_ms) AS ms
  FROM o365_programs.worker_lease(:w1, '-infinity', 10) AS l;
SELECT is((SELECT l.ms FROM leased AS l), 60000, 'the lease comes with its length');
SELECT results_eq(format('SELECT c.subscription_id, count(*) FROM leased AS l, o365_programs.worker_cards(%s, l.s, '
                         'l.l, 20, 65536, 1000000) AS c GROUP BY 1 ORDER BY 1', :w1),
    format('VALUES (%s::bigint, 2::bigint), (%s, 2), (%s, 2)', :ann, :bob, :carl),
    'of a lane come as many cards as lane_bytes allows');
SELECT results_eq(format('SELECT c.subscription_id, count(*) FROM leased AS l, o365_programs.worker_cards(%s, l.s, '
                         'l.l, 20, 65536, 100000) AS c GROUP BY 1 ORDER BY 1', :w1),
    format('VALUES (%s::bigint, 2::bigint), (%s, 1)', :ann, :bob),
    'and in all as many as all_bytes allows: the other lanes are asked for again');
SELECT results_eq(format('SELECT c.subscription_id, count(c.position) FROM leased AS l, '
                         'o365_programs.worker_cards(%s, l.s, l.l, 20, 10, 10) AS c GROUP BY 1 ORDER BY 1', :w1),
    format('VALUES (%s::bigint, 1::bigint)', :ann), 'but always one');
SELECT results_eq(format('SELECT c.subscription_id, c.position FROM leased AS l, o365_programs.worker_cards(%s, '
                         'ARRAY[%s, %s]::bigint[], ARRAY[l.l[1] + 1, 1], 20, 10, 10) AS c', :w1, :ann, :dora),
    format('VALUES (%s::bigint, NULL::bigint), (%s, NULL)', :ann, :dora),
    'a lane that is not leased to the worker comes without one');
INSERT INTO o365_internal.postponed VALUES (:ann, 1);
SELECT is((SELECT count(c.position) FROM leased AS l, o365_programs.worker_cards(:w1, l.s[1:1], l.l[1:1], 20, 65536,
    1000000) AS c), 0::bigint, 'and so does one with cards that could not be handed over yet');
DELETE FROM o365_internal.postponed;
SELECT o365.remove(:carl) \g /dev/null
SELECT results_eq(format('SELECT DISTINCT c.ends_as, c.card FROM leased AS l, o365_programs.worker_cards(%s, '
                         'l.s[3:3], l.l[3:3], 20, 65536, 1000000) AS c', :w1), $$VALUES ('cancelled', NULL)$$,
    'cards that are only to be cancelled do not travel');
DELETE FROM o365_internal.outbox;
UPDATE o365_internal.lane SET next_at = NULL, worker = NULL, lease_until = NULL;

-- ---- whose failures count ----
SELECT pg_temp.send(:ann, 3) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.post(:w1, :ann, 'retry', 503, 'busy') FROM generate_series(1, 5) \g /dev/null
SELECT is((pg_temp.lane(:ann)).failures, 5, 'the first card has failed five times');
DELETE FROM o365_internal.outbox AS o WHERE o.subscription_id = :ann AND o.position = (pg_temp.lane(:ann)).trying;
UPDATE o365_internal.lane SET failing_since = now() - interval '25 hours' WHERE subscription_id = :ann;
SELECT is(pg_temp.post(:w1, :ann, 'retry', 503, 'busy'), 0,
    'another card is not given up for what the one before it went through');
SELECT is((pg_temp.lane(:ann)).failures, 1, 'it has failed once');
UPDATE o365_internal.lane SET failing_since = now() - interval '25 hours', useless_since = now() - interval '25 hours'
 WHERE subscription_id = :ann;
SELECT is(pg_temp.post(:w1, :ann, 'retry', 503, 'busy'), 1, 'after its own give_up_hours it is given up');
SELECT is((SELECT d.reason FROM o365_internal.delivery AS d WHERE d.subscription_id = :ann AND d.outcome = 'dead'),
    'gave up after 2 tries: busy', 'with the number of its own tries');
SELECT pg_temp.post(:w1, :ann, 'retry', 503, 'busy') FROM generate_series(1, 2) \g /dev/null
SELECT is(pg_temp.status(:ann), 'active', 'the card behind it is tried');
SELECT pg_temp.post(:w1, :ann, 'retry', 503, 'busy') \g /dev/null
SELECT is(pg_temp.status(:ann), 'suspended',
    'and where it fares no better the webhook is suspended: one verdict, not one card a day');
SELECT is((SELECT count(*) FROM o365_internal.outbox AS o WHERE o.subscription_id = :ann), 1::bigint,
    'whose cards wait');
SELECT matches((SELECT s.status_reason FROM o365_internal.subscription AS s WHERE s.subscription_id = :ann),
    '^no card has arrived since .*: busy$', 'the reason says since when');
SELECT o365.resume(:ann) \g /dev/null
SELECT is(pg_temp.post(:w1, :ann, 'delivered'), 1, 'resumed, it sends again');
SELECT ok(l.useless_since IS NULL AND l.failures = 0 AND l.trying IS NULL, 'and everything is counted anew')
  FROM pg_temp.lane(:ann) AS l;

-- F7: throttling is no failure.
SELECT pg_temp.send(:bob, 2) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.post(:w1, :bob, 'throttled', 429, 'HTTP 429: throttled') FROM generate_series(1, 5) \g /dev/null
SELECT ok(l.failures = 0 AND l.throttles = 5 AND l.failing_since IS NULL AND l.next_at > clock_timestamp()
    + interval '35 s', 'F7: throttled answers do not count as failures, and the waits grow')
  FROM pg_temp.lane(:bob) AS l;
UPDATE o365_internal.lane SET throttled_since = now() - interval '30 hours' WHERE subscription_id = :bob;
SELECT is(pg_temp.post(:w1, :bob, 'throttled', 429, 'HTTP 429: throttled'), 0, 'F7: nor is a card given up for them');
SELECT matches((SELECT h.problem FROM o365.health() AS h WHERE h.code = 'webhooks_throttled'
    AND h.example = 'subscription ' || :bob), '^1 connection is throttled since .*: HTTP 429: throttled$',
    'F7: health says since when');
SELECT matches((SELECT q.reason FROM o365.queue AS q WHERE q.subscription_id = :bob), '^throttled since ',
    'F7: and so does the queue');
SELECT is((o365_programs.worker_outlook() ->> 'failing')::integer, 0, 'F7: to --once such a lane waits');
SELECT pg_temp.post(:w1, :bob, 'retry', 503, 'busy') \g /dev/null
SELECT ok(l.failing_since > now() - interval '1 minute', 'a failure after that is the first one')
  FROM pg_temp.lane(:bob) AS l;
UPDATE o365_internal.lane SET failing_since = now() - interval '30 hours', throttled_since = now() - interval '29 hours'
 WHERE subscription_id = :bob;
SELECT is(pg_temp.post(:w1, :bob, 'retry', 503, 'busy'), 0,
    'and time that throttling took is not counted for the failures around it');
SELECT pg_temp.post(:w1, :bob, 'delivered') FROM generate_series(1, 2) \g /dev/null

-- A person's pause.
SELECT pg_temp.send(:dora, 1) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT c.lease_no AS l, c.position AS p FROM pg_temp.claim(:w1, '-infinity', 10, 1) AS c
 WHERE c.subscription_id = :dora \gset
UPDATE o365_internal.lane SET gone_since = now() - interval '25 hours' WHERE subscription_id = :dora;
SELECT o365.pause(:dora) \g /dev/null
SELECT pg_temp.report(:w1, :dora, :l, :p, 'gone', 404) \g /dev/null
SELECT is(pg_temp.status(:dora), 'paused', 'a pause is not overridden by a webhook that is gone');
SELECT is((SELECT count(*) FROM o365_internal.outbox AS o WHERE o.subscription_id = :dora), 1::bigint,
    'its cards wait');
SELECT is((pg_temp.lane(:dora)).why, 'pause', 'and its lane is held');

-- F1, F2: unclear answers.
SELECT pg_temp.send(:eve, 2) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.post(:w1, :eve, 'in_doubt', 200, 'HTTP 200: answer not understood: OK'), 0,
    'F1: a card whose answer nobody understands is sent again') FROM generate_series(1, 3);
SELECT is(pg_temp.post(:w1, :eve, 'in_doubt', 200, 'HTTP 200: answer not understood: OK'), 1,
    'F1: at most unclear_answers times');
SELECT results_eq(format('SELECT d.outcome, d.reason FROM o365_internal.delivery AS d WHERE d.subscription_id = %s',
    :eve),
    $$VALUES ('in_doubt', 'no clear answer to 4 POSTs: HTTP 200: answer not understood: OK')$$,
    'F1: then it ends in doubt, and says why');
SELECT ok((pg_temp.lane(:eve)).next_at <= clock_timestamp() AND (pg_temp.lane(:eve)).unclear = 0,
    'F1: the next card begins at once, and anew');
SELECT pg_temp.post(:w1, :eve, 'in_doubt', NULL, 'no answer in time') FROM generate_series(1, 3) \g /dev/null
SELECT ok((pg_temp.lane(:eve)).next_at > clock_timestamp() + interval '5 minutes',
    'F2: after lost answers the waits are long, so that an outage does not use them up');
SELECT matches((SELECT h.problem FROM o365.health() AS h WHERE h.code = 'answers_unclear'
    AND h.example = 'subscription ' || :eve),
    '^1 connection had no clear answer to the last POSTs, two or more, .*: no answer in time$', 'F2: health says so');
UPDATE o365_internal.lane SET failing_since = now() - interval '25 hours', unclear = 1 WHERE subscription_id = :eve;
SELECT pg_temp.post(:w1, :eve, 'retry', 503, 'busy') \g /dev/null
SELECT is(pg_temp.ends(:eve), ARRAY['in_doubt', 'in_doubt'],
    'what is given up and may have arrived is in doubt, not dead');
SELECT o365.set_in_doubt_policy(:eve, 'skip') \g /dev/null
SELECT pg_temp.send(:eve, 1) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.post(:w1, :eve, 'in_doubt', NULL, 'no answer in time'), 1,
    'F55: with set_in_doubt_policy skip it ends at once');
SELECT is((SELECT s.in_doubt_policy FROM o365.subscriptions AS s WHERE s.subscription_id = :eve), 'skip',
    'F55: the view shows the policy');
SELECT throws_ok(format('SELECT o365.set_in_doubt_policy(%s, ''perhaps'')', :eve), '22023',
    'policy ''perhaps'' is unknown', 'F55: and others are refused');

-- Time that nobody tried is no evidence against a webhook.
SELECT pg_temp.connect('gus') AS gus \gset
CREATE FUNCTION pg_temp.later(s bigint, passed interval) RETURNS void LANGUAGE sql AS $$
    UPDATE o365_internal.lane AS l
       SET failing_since = l.failing_since - passed, useless_since = l.useless_since - passed,
           gone_since = l.gone_since - passed,
           throttled_since = l.throttled_since - passed, tried_until = l.tried_until - passed,
           claimed_at = l.claimed_at - passed
     WHERE l.subscription_id = s $$;
SELECT o365.set_in_doubt_policy(:gus, 'skip'), pg_temp.send(:gus) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.post(:w1, :gus, 'in_doubt', NULL, 'no answer in time') \g /dev/null
SELECT pg_temp.later(:gus, '25 hours'), pg_temp.send(:gus) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.post(:w1, :gus, 'retry', 503, 'busy') FROM generate_series(1, 3) \g /dev/null
SELECT is(pg_temp.status(:gus), 'active', 'three failures a day after a card that ended in doubt suspend no webhook');
SELECT pg_temp.post(:w1, :gus, 'delivered') \g /dev/null
SELECT o365.set_in_doubt_policy(:gus, 'resend'), pg_temp.send(:gus) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.post(:w1, :gus, 'in_doubt', NULL, 'no answer in time') FROM generate_series(1, 4) \g /dev/null
SELECT pg_temp.later(:gus, '25 hours'), pg_temp.send(:gus) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.post(:w1, :gus, 'in_doubt', NULL, 'no answer in time') FROM generate_series(1, 2) \g /dev/null
SELECT pg_temp.post(:w1, :gus, 'retry', 503, 'busy') \g /dev/null
SELECT is(pg_temp.status(:gus), 'active', 'nor after one that was posted four times without a clear answer');
SELECT ok(l.useless_since > now() - interval '1 minute', 'the time counts from the next card''s failure')
  FROM pg_temp.lane(:gus) AS l;
SELECT pg_temp.post(:w1, :gus, 'delivered') \g /dev/null
SELECT pg_temp.send(:gus) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.post(:w1, :gus, 'retry', 503, 'busy') FROM generate_series(1, 2) \g /dev/null
DELETE FROM o365_internal.outbox AS o WHERE o.subscription_id = :gus;
SELECT pg_temp.later(:gus, '25 hours'), pg_temp.send(:gus) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.post(:w1, :gus, 'retry', 503, 'busy') FROM generate_series(1, 3) \g /dev/null
SELECT is(pg_temp.status(:gus), 'active', 'nor after one that an operator deleted');
SELECT pg_temp.later(:gus, '25 hours') \g /dev/null
SELECT is(pg_temp.post(:w1, :gus, 'retry', 503, 'busy'), 0, 'a day without a worker gives up no card');
SELECT ok(l.failing_since > now() - interval '2 hours', 'but for the wait that was due') FROM pg_temp.lane(:gus) AS l;
SELECT pg_temp.later(:gus, '25 hours') \g /dev/null
SELECT pg_temp.post(:w1, :gus, 'throttled', 429, 'throttled') \g /dev/null
SELECT is(pg_temp.post(:w1, :gus, 'retry', 503, 'busy'), 0, 'nor when the far end throttles first');
SELECT pg_temp.post(:w1, :gus, 'gone', 404, 'gone') \g /dev/null
SELECT pg_temp.later(:gus, '25 hours') \g /dev/null
SELECT pg_temp.post(:w1, :gus, 'gone', 404, 'gone') \g /dev/null
SELECT is(pg_temp.status(:gus), 'active', 'nor makes two answers a webhook that is gone');
SELECT pg_temp.post(:w1, :gus, 'delivered') \g /dev/null

-- F3: dead ends in a row.
SELECT pg_temp.send(:fay, 12) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.post(:w1, :fay, 'dead', 400, 'HTTP 400: bad request') FROM generate_series(1, 9) \g /dev/null
SELECT is_empty(format($$SELECT 1 FROM o365.health() AS h WHERE h.code = 'cards_all_dead'
    AND h.example = 'subscription %s'$$, :fay), 'F3: nine cards that end as dead are no news');
SELECT pg_temp.post(:w1, :fay, 'dead', 400, 'HTTP 400: bad request') \g /dev/null
SELECT is((SELECT h.problem FROM o365.health() AS h WHERE h.code = 'cards_all_dead' AND h.example = 'subscription '
    || :fay),
    'the last 10 cards or more ended as dead at 1 connection, and none arrived since', 'F3: ten are a row of health');
SELECT pg_temp.post(:w1, :fay, 'delivered') \g /dev/null
SELECT is((pg_temp.lane(:fay)).dead_in_a_row, 0, 'F3: until one arrives');
SELECT c.lease_no AS l, array_agg(c.position) AS p
  FROM (SELECT pg_temp.send(:fay, 2), o365_programs.worker_feed()) AS s, LATERAL (SELECT 1 WHERE s IS NOT NULL) AS x,
    LATERAL pg_temp.claim(:w1, '-infinity', 10, 3) AS c WHERE c.subscription_id = :fay GROUP BY 1 \gset
SELECT o365_programs.worker_report(:w1, array_fill(:fay::bigint, ARRAY[1]), array_fill(:l::bigint, ARRAY[1]),
    (:'p'::bigint[])[1:1], '{dead}', '{NULL}', '{400}', '{NULL}', '{1}', '{x}', ARRAY[:fay]::bigint[],
    ARRAY[:l]::bigint[], '{f}', '{1}') \g /dev/null
SELECT is((pg_temp.lane(:fay)).dead_in_a_row, 1, 'F3: and from then on they are counted anew');
SELECT is((SELECT r.known FROM o365_programs.worker_report(:w1, ARRAY[:fay]::bigint[], ARRAY[:l]::bigint[],
    (:'p'::bigint[])[1:1], '{dead}', '{NULL}', '{400}', '{NULL}', '{1}', '{x}',
    ARRAY[:fay]::bigint[], ARRAY[:l]::bigint[], '{t}', '{1}') AS r), 1,
    'a report that comes again is told what it had brought already');
SELECT is((SELECT r.known FROM o365_programs.worker_report(:w1, ARRAY[:fay]::bigint[], ARRAY[:l - 1]::bigint[],
    (:'p'::bigint[])[1:1], '{dead}', '{NULL}', '{400}', '{NULL}', '{1}', '{x}', ARRAY[:fay]::bigint[],
    ARRAY[:l - 1]::bigint[], '{t}', '{1}') AS r), 0, 'and one of another lease is not');

-- F53.
SELECT ok(d.claimed_at > d.enqueued_at AND d.claimed_at <= d.at, 'F53: the history says when a card was first claimed')
  FROM o365.deliveries AS d WHERE d.subscription_id = :fay LIMIT 1;

-- Answers of the far end.
SELECT is(pg_temp.read('connector', 200, '{"statusCode":200,"reasonPhrase":"OK","isSuccessStatusCode":true}'),
    'delivered: success, serialised', 'F1: a serialised success');
SELECT is(pg_temp.read('connector', 200, '{"statusCode":429,"isSuccessStatusCode":false}'),
    'throttled: throttled, serialised', 'F1: a serialised 429');
SELECT is(pg_temp.read('connector', 200, '{"statusCode":500,"isSuccessStatusCode":false}'), 'retry: failed, serialised',
    'F1: a serialised failure');
SELECT is(pg_temp.read('connector', 200, a), 'in_doubt: answer not understood', 'F1: ' || a)
  FROM unnest(ARRAY['OK', 'true', '"1"', '']) AS a;
SELECT is(pg_temp.read('workflow', s, ''), 'in_doubt: no answer from the flow in time', 'F2: ' || s)
  FROM unnest(ARRAY[502, 504]) AS s;
SELECT is(ARRAY(SELECT pg_temp.read(d, s, '') ~ '^in_doubt: ' FROM unnest('{workflow,connector}'::text[]) AS d,
    unnest('{408,500,502,504}'::integer[]) AS s ORDER BY d DESC, s), '{t,t,t,t,t,f,t,t}',
    'F2: nor does an answer that came from before the flow or the front end tell whether the card was shown');
SELECT is(pg_temp.read(d, s, ''), 'retry: the far end failed', format('F2: %s of a %s was not taken', s, d))
  FROM (VALUES ('workflow', 503), ('workflow', 501), ('connector', 500), ('connector', 503)) AS v (d, s);
SELECT is(pg_temp.read('connector', 200, format('Webhook message delivery failed with error: Microsoft Teams endpoint '
    'returned HTTP error %s with ContextId tcid=0', s)), r, 'F2: ' || s || ' inside 200')
  FROM (VALUES (504, 'in_doubt: no answer behind the front end in time, inside 200'),
               (408, 'in_doubt: no answer behind the front end in time, inside 200'),
               (500, 'retry: failed behind the front end, inside 200'),
               (429, 'throttled: throttled, inside 200')) AS v (s, r);
SELECT alike(pg_temp.read('workflow', a.status, a.body), 'suspend: ' || a.what, 'F3, F5: ' || a.status || ' ' || a.body)
  FROM (VALUES
    (400, '{"error":{"code":"TriggerInputSchemaMismatch"}}', '%schema%owner empties it'),
    (400, '{"error":{"code":"DirectApiRequestHasMoreThanOneAuthorization"}}', '%proxy%'),
    (400, '{"error":{"code":"MissingApiVersionParameter"}}', '%connect again%'),
    (400, '{"error":{"code":"UnsupportedApiVersion"}}', '%connect again%'),
    (400, '{"error":{"code":"WorkflowTriggerIsNotEnabled"}}', 'flow switched off or deleted'),
    (405, '', '%sets it to POST'), (415, '', '%takes no JSON%'),
    (401, '{"error":{"code":"DirectApiAuthorizationRequired"}}', '%Anyone, or connect again%'),
    (401, '{"error":{"code":"AuthorizationFailed"}}', '%connect again%'),
    (401, '{"error":{"code":"MisMatchingOAuthClaims"}}', 'restricted to its tenant%'),
    (403, '{"error":{"code":"DlpViolation"}}', '%data-loss policy%'),
    (403, '{"error":{"code":"ApiPolicyDataFlowViolation"}}', '%data-loss policy%'),
    (403, '{"error":{"code":"DlpViolation","message":"An admin of this tenant blocks flows with shared access"}}',
     '%data-loss policy%'),
    (403, '{"error":{"code":"Forbidden","message":"The data loss prevention policy of tenant x"}}',
     '%data-loss policy%'),
    (401, '{"error":{"code":"MisMatchingOAuthClaims","message":"The signature of the token"}}',
     'restricted to its tenant%'),
    (401, '{"error":{"code":"InvalidSasToken","message":"of tenant x"}}', '%connect again%'),
    (403, '{"error":{"code":"Forbidden","message":"not in this tenant"}}', 'restricted to its tenant%'),
    (403, 'denied', 'not allowed'),
    (404, '{"error":{"code":"WorkflowNotFound"}}', 'no such flow')) AS a (status, body, what);
SELECT is(pg_temp.read('workflow', 400, '{"error":{"code":"InvalidRequestContent"}}'), 'dead: bad request',
    'F3: what is about the card ends the card');
SELECT alike(pg_temp.read('connector', 403, 'Webhook Url is not updated'), 'suspend: %connect again',
    'F4: Microsoft wants a new address');
SELECT is(pg_temp.read('connector', s, ''), 'suspend: ' || r, 'F3: so it is for connectors')
  FROM (VALUES (405, 'no webhook for POST: connect again'),
               (415, 'the webhook takes no JSON: connect again')) AS v (s, r);
SELECT pg_temp.send(:fay, 1) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.post(:w1, :fay, 'suspend', 403, 'HTTP 403: Microsoft wants a new address: connect again') \g /dev/null
SELECT is((SELECT h.next_step FROM o365.health() AS h
    WHERE h.code = 'connections_suspended' AND h.example = 'subscription ' || :fay), 'Its user has to connect again.',
    'F4: health does not say resume, which would not help');

-- ---- a clock that is put back ----
DELETE FROM o365_internal.outbox;
UPDATE o365_internal.lane SET next_at = NULL, worker = NULL, lease_until = NULL, late = NULL;
-- As an hour later: a lane that is due, one that is tried again five minutes later, one that is leased, one that was to
-- be left alone for a day.
UPDATE o365_internal.lane SET next_at = now() + interval '1 hour' WHERE subscription_id = :bob;
UPDATE o365_internal.lane SET next_at = now() + interval '65 minutes' WHERE subscription_id = :carl;
UPDATE o365_internal.lane SET next_at = now() + interval '61 minutes', lease_until = now() + interval '61 minutes',
    claimed_at = now() + interval '1 hour', worker = :w1
 WHERE subscription_id = :dora;
UPDATE o365_internal.lane SET next_at = now() + interval '20 hours' WHERE subscription_id = :eve;
UPDATE o365_internal.lane SET next_at = now() + interval '1 hour'
 WHERE subscription_id IN (SELECT c.id FROM crowd AS c);
INSERT INTO o365_internal.lane (subscription_id, next_at) SELECT -i, now() + interval '1 hour'
    FROM generate_series(1, 3000) AS i;
UPDATE o365_internal.fed SET at = now() + interval '1 hour';
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is((SELECT count(*) FROM o365_internal.lane AS l WHERE l.next_at <= clock_timestamp()), 5000::bigint,
    'when the clock is put back, lanes that wait are due: 5000 in a round');
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is((SELECT count(*) FROM o365_internal.lane AS l WHERE l.next_at <= clock_timestamp()), 5602::bigint,
    'and the others in the next one');
SELECT ok(l.next_at BETWEEN now() + interval '50 seconds' AND now() + interval '60 seconds' AND l.lease_until
    = l.next_at AND l.worker = :w1, 'a lease lasts as long as it was made for') FROM pg_temp.lane(:dora) AS l;
SELECT ok(l.next_at > now() + interval '19 hours', 'what the far end asked for is kept') FROM pg_temp.lane(:eve) AS l;
SELECT ok(f.at <= clock_timestamp(), 'and it is over') FROM o365_internal.fed AS f ORDER BY f.n DESC LIMIT 1;
DELETE FROM o365_internal.lane WHERE subscription_id < 0;
UPDATE o365_internal.lane SET next_at = NULL, worker = NULL, lease_until = NULL;

-- ---- workers with other keys, and one whose row is gone ----
SELECT (o365_programs.worker_start('w2', 'test', 'production') ->> 'worker')::integer AS w2 \gset
SELECT is((o365_programs.worker_heartbeat(:w1, 'production') ->> 'described')::boolean, false,
    'a worker is asked which keys it has');
SELECT is((o365_programs.worker_heartbeat(:w1, 'production') ->> 'others')::integer, 1,
    'and told how many others are alive');
SELECT o365_programs.worker_describe(:w1, 'w1', 'test', '{10FF825991ECBCBF}'),
       o365_programs.worker_describe(:w2, 'w2', 'test', '{10FF825991ECBCBF, sym-0a1b2c3d}') \g /dev/null
SELECT is((o365_programs.worker_heartbeat(:w1, 'production') ->> 'described')::boolean, true, 'until it has said so');
DELETE FROM o365_internal.outbox;
UPDATE o365_internal.lane SET next_at = NULL, worker = NULL, lease_until = NULL, late = NULL;
UPDATE o365_internal.subscription SET key_id = 'sym-0a1b2c3d' WHERE subscription_id = :bob;
SELECT pg_temp.send(:bob), pg_temp.send(:gus) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT results_eq(format('SELECT l.subscription_id FROM o365_programs.worker_lease(%s, ''-infinity'', 10) AS l', :w1),
    format('VALUES (%s::bigint)', :gus), 'it claims no lane under a key that another living worker has');
SELECT results_eq(format('SELECT l.subscription_id FROM o365_programs.worker_lease(%s, ''-infinity'', 10) AS l', :w2),
    format('VALUES (%s::bigint)', :bob), 'which claims it');
UPDATE o365_internal.lane SET next_at = now(), worker = NULL, lease_until = NULL WHERE subscription_id = :bob;
UPDATE o365_internal.worker SET seen_at = now() - interval '20 seconds' WHERE worker_id = :w2;
SELECT o365_programs.worker_heartbeat(:w1, 'production') \g /dev/null
SELECT is((SELECT l.subscription_id FROM o365_programs.worker_lease(:w1, '-infinity', 10) AS l), :bob::bigint,
    'where that is gone it is claimed, so that somebody tells what is missing');
UPDATE o365_internal.lane SET next_at = now(), worker = NULL, lease_until = NULL WHERE subscription_id = :bob;
UPDATE o365_internal.worker SET key_ids = '{10FF825991ECBCBF}', seen_at = now() WHERE worker_id = :w2;
SELECT o365_programs.worker_heartbeat(:w1, 'production') \g /dev/null
SELECT is((SELECT l.subscription_id FROM o365_programs.worker_lease(:w1, '-infinity', 10) AS l), :bob::bigint,
    'and where no other has the key either');
UPDATE o365_internal.subscription SET key_id = '10FF825991ECBCBF' WHERE subscription_id = :bob;
SELECT o365_programs.worker_stop(:w2) \g /dev/null

SELECT l.lease_no AS l, (SELECT o.position FROM o365_internal.outbox AS o WHERE o.subscription_id = :bob) AS p
  FROM pg_temp.lane(:bob) AS l \gset
DELETE FROM o365_internal.worker;
SELECT results_eq(format('SELECT (h ->> ''worker'')::integer, (h ->> ''described'')::boolean '
                         'FROM o365_programs.worker_heartbeat(%s, ''production'') AS h', :w1),
    format('VALUES (%s, false)', :w1),
    'a worker whose row was deleted is registered again, under its number, and asked what it is');
SELECT is_empty($$SELECT FROM o365.health() AS h WHERE h.code = 'no_worker'$$, 'health knows that it is alive');
SELECT is(pg_temp.report(:w1, :bob, :l, :p, 'delivered'), 1, 'its leases are its own still');
SELECT setval('o365_internal.worker_worker_id_seq', 1), o365_programs.worker_heartbeat(:w1 + 5,
    'production') \g /dev/null
SELECT ok((o365_programs.worker_start('w3', 'test', 'production') ->> 'worker')::integer > :w1 + 5,
    'nor is the number given to another where a dump of before it started was restored');
SELECT is_empty('SELECT o365_programs.worker_heartbeat(0, ''production'') FROM o365_internal.worker AS w '
                'WHERE w.worker_id = 0', 'who only asks is no worker');
DELETE FROM o365_internal.worker WHERE worker_id > :w1;
DELETE FROM o365_internal.outbox;
UPDATE o365_internal.lane SET next_at = NULL, worker = NULL, lease_until = NULL;
SELECT * FROM finish();
