-- Cards that may have been shown: what is counted of them stays until they end, and their ends say so. Commits, as
-- delivery.sql does.
\ir fixtures/setup.sql
SELECT no_plan();
SELECT pg_temp.connect('ann') AS ann, pg_temp.connect('bob') AS bob, pg_temp.connect('carl') AS carl,
       pg_temp.connect('dora') AS dora, pg_temp.connect('eve') AS eve, pg_temp.connect('fay') AS fay \gset
SELECT (o365_programs.worker_start('w1', 'test', 'production') ->> 'worker')::integer AS w1 \gset
\ir fixtures/rounds.sql
CREATE FUNCTION pg_temp.lost(w integer, s bigint, n integer DEFAULT 1) RETURNS integer LANGUAGE sql AS $$
    SELECT sum(pg_temp.post(w, s, 'in_doubt', NULL, 'no answer in time'))::integer FROM generate_series(1, n) $$;
CREATE FUNCTION pg_temp.last_end(s bigint) RETURNS text LANGUAGE sql AS $$
    SELECT d.outcome || ': ' || d.reason FROM o365_internal.delivery AS d WHERE d.subscription_id = s
     ORDER BY d.at DESC, d.card_id DESC LIMIT 1 $$;
CREATE FUNCTION pg_temp.told(s bigint) RETURNS text[] LANGUAGE sql AS $$
    SELECT array_agg(h.code ORDER BY h.code) FROM o365.health() AS h WHERE h.example = 'subscription ' || s $$;
CREATE FUNCTION pg_temp.renew(s bigint, state text DEFAULT 'again') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_temp.begin(state, 'cookie', x.app_user) FROM o365_internal.subscription AS x
      WHERE x.subscription_id = s;
    UPDATE o365_internal.connect_attempt AS a SET renews = s WHERE a.state_hash = sha256(state::bytea);
    PERFORM pg_temp.callback(state, 'cookie', 'r-' || left(md5(state), 12),
        'https://contoso.webhook.office.com/webhookb2/' || replace(state, ' ', '-'));
END $$;
\set doubt 'it was posted without a clear answer and may have been shown'

-- ---- resuming ----
SELECT pg_temp.send(:ann, 2) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.lost(:w1, :ann, 2), pg_temp.post(:w1, :ann, 'retry', 503, 'busy') \g /dev/null
SELECT l.trying, l.tried_at, l.failing_since FROM pg_temp.lane(:ann) AS l \gset
SELECT o365.pause(:ann) \g /dev/null
SELECT o365.resume(:ann) \g /dev/null
SELECT ok(l.trying = :trying AND l.unclear = 2 AND l.failures = 3 AND l.tried_at = :'tried_at'
    AND l.failing_since = :'failing_since' AND l.why IS NULL AND l.next_at <= now() AND l.problem IS NULL,
    'a pause that ends changes nothing of what is counted of the card, and ends the wait') FROM pg_temp.lane(:ann) AS l;
SELECT matches(q.reason, '^due since ', 'of which the queue says nothing more')
  FROM o365.queue AS q WHERE q.subscription_id = :ann;
SELECT is(pg_temp.lost(:w1, :ann), 0, 'it is posted again');
SELECT o365.pause(:ann) \g /dev/null
SELECT o365.resume(:ann) \g /dev/null
SELECT is(pg_temp.lost(:w1, :ann), 1, 'but no more than unclear_answers times, however often somebody resumes it');
SELECT is(pg_temp.last_end(:ann), 'in_doubt: no clear answer to 4 POSTs: no answer in time', 'then it ends in doubt');
-- Nor does a pause count for the time.
SELECT pg_temp.post(:w1, :ann, 'retry', 503, 'busy') \g /dev/null
UPDATE o365_internal.lane AS l
   SET failing_since = now() - interval '20 hours', tried_until = now() - interval '19 hours'
 WHERE l.subscription_id = :ann;
SELECT o365.pause(:ann) \g /dev/null
SELECT o365.resume(:ann) \g /dev/null
SELECT is(pg_temp.post(:w1, :ann, 'retry', 503, 'busy'), 0, 'a card is not given up for a pause');
SELECT ok(l.failing_since > now() - interval '61 minutes' AND l.failures = 2, 'which its time does not count')
  FROM pg_temp.lane(:ann) AS l;
UPDATE o365_internal.lane AS l SET failing_since = now() - interval '25 hours', tried_until = now()
 WHERE l.subscription_id = :ann;
SELECT o365.pause(:ann) \g /dev/null
SELECT o365.resume(:ann) \g /dev/null
SELECT is(pg_temp.post(:w1, :ann, 'retry', 503, 'busy'), 1, 'and one that was tried for give_up_hours is');
SELECT is(pg_temp.last_end(:ann), 'dead: gave up after 3 tries: busy', 'with all of its tries');
-- Throttling, resumed: what it took does not count.
SELECT pg_temp.send(:ann) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.post(:w1, :ann, 'retry', 503, 'busy'), pg_temp.post(:w1, :ann, 'throttled', 429) \g /dev/null
UPDATE o365_internal.lane AS l SET failing_since = now() - interval '30 hours', tried_until = now(),
    throttled_since = now() - interval '29 hours' WHERE l.subscription_id = :ann;
SELECT o365.pause(:ann) \g /dev/null
SELECT o365.resume(:ann) \g /dev/null
SELECT ok(l.failing_since > now() - interval '61 minutes' AND l.throttled_since IS NULL,
    'time that the far end throttled is not counted either') FROM pg_temp.lane(:ann) AS l;
SELECT pg_temp.post(:w1, :ann, 'delivered') \g /dev/null
-- Another webhook.
SELECT pg_temp.send(:ann) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.lost(:w1, :ann, 2) \g /dev/null
UPDATE o365_internal.lane AS l SET failing_since = now() - interval '30 hours' WHERE l.subscription_id = :ann;
SELECT (pg_temp.lane(:ann)).tried_at \gset
SELECT o365.pause(:ann) \g /dev/null
SELECT pg_temp.renew(:ann) \g /dev/null
SELECT is(s.secret_version, 2, 'it is renewed') FROM o365_internal.subscription AS s WHERE s.subscription_id = :ann;
SELECT ok(l.unclear = 2 AND l.tried_at = :'tried_at' AND l.failures = 0 AND l.failing_since IS NULL,
    'another webhook is charged no failure, and the card may have been shown as before') FROM pg_temp.lane(:ann) AS l;
SELECT o365.resume(:ann) \g /dev/null
SELECT pg_temp.lost(:w1, :ann, 1) \g /dev/null
SELECT is(pg_temp.lost(:w1, :ann, 1), 1, 'four POSTs of it are all');
-- A card in front of it fails: each keeps what was counted of it.
SELECT pg_temp.send(:ann) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.lost(:w1, :ann, 2), pg_temp.post(:w1, :ann, 'retry', 503, 'busy') \g /dev/null
UPDATE o365_internal.lane AS l SET failing_since = now() - interval '3 hours' WHERE l.subscription_id = :ann;
SELECT l.trying, l.tried_at, l.useless_since FROM pg_temp.lane(:ann) AS l \gset
SELECT o365.send(:ann, '{"text": "fire"}', urgent => true) AS fire \gset
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.lost(:w1, :ann) \g /dev/null
SELECT ok(l.trying < 0 AND l.unclear = 1 AND l.failures = 1, 'an urgent card that fails has its own count')
  FROM pg_temp.lane(:ann) AS l;
SELECT is(o365_internal.unclear_posts(:ann, :trying), 2, 'and the card behind it keeps that it may have been shown');
SELECT pg_temp.post(:w1, :ann, 'delivered') \g /dev/null
SELECT is((SELECT d.outcome FROM o365_internal.delivery AS d WHERE d.card_id = :fire), 'delivered', 'it arrives');
SELECT pg_temp.lost(:w1, :ann) \g /dev/null
SELECT ok(l.trying = :trying AND l.unclear = 3 AND l.failures = 4 AND l.tried_at = :'tried_at'
    AND l.failing_since < now() - interval '2 hours', 'and the other one is counted on')
  FROM pg_temp.lane(:ann) AS l;
SELECT is(pg_temp.lost(:w1, :ann), 1, 'four POSTs of it without a clear answer are all');
SELECT is(pg_temp.last_end(:ann), 'in_doubt: no clear answer to 4 POSTs: no answer in time', 'and it ends in doubt');
SELECT pg_temp.send(:ann, 2) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.lost(:w1, :ann) \g /dev/null
SELECT (pg_temp.lane(:ann)).tried_at \gset
SELECT o365.send(:ann, '{"text": "fire"}', urgent => true) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.lost(:w1, :ann), pg_temp.post(:w1, :ann, 'delivered'), pg_temp.post(:w1, :ann, 'delivered') \g /dev/null
SELECT ok(d.claimed_at = :'tried_at' AND d.attempts = 2 AND d.was_aside IS NULL,
    'one that arrives was first claimed when it was first claimed, and was never aside')
  FROM o365_internal.delivery AS d WHERE d.subscription_id = :ann ORDER BY d.at DESC, d.card_id DESC LIMIT 1;
SELECT o365_programs.worker_chores(:w1), pg_temp.lost(:w1, :ann) \g /dev/null
SELECT is((SELECT count(*) FROM o365_internal.set_aside), 0::bigint, 'nothing is kept of cards that have ended');
SELECT o365.send(:ann, '{"text": "fire"}', urgent => true) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.lost(:w1, :ann), pg_temp.renew(:ann, 'once more') \g /dev/null
SELECT is(ARRAY(SELECT (a.failures, a.unclear, a.failing_since, a.is_aside)::text FROM o365_internal.set_aside AS a),
    '{"(0,1,,f)"}', 'another webhook is charged with the failures of neither');
SELECT pg_temp.post(:w1, :ann, 'dead', 400, 'HTTP 400: bad request'),
       pg_temp.post(:w1, :ann, 'dead', 400, 'HTTP 400: bad request') \g /dev/null
SELECT is(pg_temp.last_end(:ann), 'in_doubt: HTTP 400: bad request; ' || :'doubt', 'but both may have been shown');

-- ---- ends ----
SELECT pg_temp.send(:bob, 6) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.lost(:w1, :bob), o365.cancel_card((pg_temp.lane(:bob)).trying, 'by mistake') \g /dev/null
SELECT is(pg_temp.last_end(:bob), 'cancelled: by mistake; ' || :'doubt', 'a card that is cancelled between its tries');
SELECT pg_temp.lost(:w1, :bob) \g /dev/null
UPDATE o365_internal.lane AS l SET worker = :w1, lease_until = now() + interval '1 minute'
 WHERE l.subscription_id = :bob;
SELECT is(o365.cancel_card((pg_temp.lane(:bob)).trying), 'cancelling', 'one that a worker has');
UPDATE o365_internal.lane AS l SET worker = NULL, lease_until = NULL WHERE l.subscription_id = :bob;
SELECT pg_temp.post(:w1, :bob, 'delivered') \g /dev/null
SELECT is(pg_temp.last_end(:bob), 'cancelled: it was cancelled; ' || :'doubt', 'says so when its claim ends it');
SELECT pg_temp.lost(:w1, :bob) \g /dev/null
UPDATE o365_internal.outbox AS o SET event = 'gossip' WHERE o.position = (pg_temp.lane(:bob)).trying;
UPDATE o365_internal.subscription AS s SET unwanted_events = '{gossip}' WHERE s.subscription_id = :bob;
SELECT pg_temp.post(:w1, :bob, 'delivered') \g /dev/null
SELECT is(pg_temp.last_end(:bob), 'cancelled: its user does not want this event; ' || :'doubt',
    'so does one that is not wanted any more');
SELECT pg_temp.lost(:w1, :bob), pg_temp.post(:w1, :bob, 'expired', NULL, 'the time has passed') \g /dev/null
SELECT is(pg_temp.last_end(:bob), 'expired: the time has passed; ' || :'doubt', 'one that expires in the worker');
SELECT pg_temp.lost(:w1, :bob) \g /dev/null
SELECT (pg_temp.lane(:bob)).trying AS card \gset
SELECT is(pg_temp.post(:w1, :bob, 'dead', 400, 'HTTP 400: bad request'), 1, 'one that is refused in the end');
SELECT is(pg_temp.last_end(:bob), 'in_doubt: HTTP 400: bad request; ' || :'doubt', 'is in doubt, not dead');
SELECT is((pg_temp.lane(:bob)).dead_in_a_row, 0, 'and no evidence that all of them die');
SELECT is((SELECT d.outcome FROM o365_internal.dead_card AS d WHERE d.card_id = :card), 'in_doubt',
    'nor sent again with those that are dead');
SELECT results_eq(format('SELECT e.detail, e.reason FROM o365_internal.event AS e WHERE e.card_id = %s', :card),
    format('VALUES (%L, %L)', 'in_doubt', 'HTTP 400: bad request; ' || :'doubt'), 'which its event says as well');
SELECT pg_temp.lost(:w1, :bob), o365.remove(:bob) \g /dev/null
SELECT pg_temp.post(:w1, :bob, 'delivered') \g /dev/null
SELECT is(pg_temp.last_end(:bob), 'cancelled: the subscription was removed or is gone; ' || :'doubt',
    'and one whose connection is removed');
-- Cards that nobody has posted say nothing of it.
SELECT pg_temp.send(:carl, 3) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.lost(:w1, :carl), pg_temp.post(:w1, :carl, 'delivered'),
       pg_temp.post(:w1, :carl, 'dead', 400, 'HTTP 400: bad request') \g /dev/null
SELECT is(pg_temp.last_end(:carl), 'dead: HTTP 400: bad request', 'the next card is judged by its own POSTs');
SELECT o365.cancel_card(o.card_id) FROM o365_internal.outbox AS o WHERE o.subscription_id = :carl \g /dev/null
SELECT is(pg_temp.last_end(:carl), 'cancelled: it was cancelled', 'and so is the one after it');
-- Set aside.
SELECT o365.alter_connector('desk', when_blocked => 'pass'), pg_temp.send(:carl, 3) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.lost(:w1, :carl, 3) \g /dev/null
SELECT o365.cancel_card(a.card_id) FROM o365_internal.set_aside AS a WHERE a.subscription_id = :carl \g /dev/null
SELECT is(pg_temp.last_end(:carl), 'cancelled: it was cancelled; ' || :'doubt', 'one that was set aside says so, too');
-- One that comes back while another one is tried.
SELECT pg_temp.lost(:w1, :carl, 3), pg_temp.lost(:w1, :carl, 2) \g /dev/null
SELECT (pg_temp.lane(:carl)).trying \gset
UPDATE o365_internal.scheduled SET due_at = now();
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.post(:w1, :carl, 'retry', 503, 'busy'), 0, 'one that was set aside fails again, and is aside again');
SELECT pg_temp.post(:w1, :carl, 'retry', 503, 'busy') \g /dev/null
SELECT results_eq(format($$SELECT a.failures, a.unclear, a.is_aside FROM o365_internal.set_aside AS a
    WHERE a.subscription_id = %s AND a.position = %s$$, :carl, :trying), 'VALUES (3, 2, true)',
    'what was tried meanwhile is counted on, and set aside in its turn');
UPDATE o365_internal.scheduled SET due_at = now();
SELECT o365_programs.worker_feed() \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.post(:w1, :carl, 'delivered') FROM generate_series(1, 2) \g /dev/null
SELECT is(ARRAY(SELECT d.was_aside FROM o365_internal.delivery AS d WHERE d.subscription_id = :carl
    ORDER BY d.at DESC LIMIT 2), '{t,t}', 'the history says of both that others went before them');
SELECT pg_temp.send(:carl, 2) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.lost(:w1, :carl, 3), o365.remove(:carl) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.post(:w1, :carl, 'delivered') FROM generate_series(1, 2) \g /dev/null
SELECT results_eq(format($$SELECT d.reason ~ 'may have been shown$', count(*) FROM o365_internal.delivery AS d
    WHERE d.subscription_id = %s AND d.reason ~ '^the subscription was removed' GROUP BY 1 ORDER BY 1$$, :carl),
    'VALUES (false, 1::bigint), (true, 1)', 'also when it comes back and its connection is removed');
SELECT o365.alter_connector('desk', when_blocked => 'wait') \g /dev/null

-- ---- a flow that answers too late, under both policies ----
UPDATE o365_internal.subscription AS s SET dialect = 'workflow' WHERE s.subscription_id IN (:dora, :eve);
SELECT o365.set_in_doubt_policy(:dora, 'skip'), pg_temp.send(:dora, 3), pg_temp.send(:eve, 3) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.lost(:w1, :dora), pg_temp.lost(:w1, :eve) \g /dev/null
SELECT is(pg_temp.told(:dora), NULL, 'F2: one lost answer is no news');
SELECT pg_temp.lost(:w1, :dora) \g /dev/null
SELECT is(pg_temp.told(:dora), '{answers_unclear}', 'F2: with skip the second card in a row is');
SELECT results_eq(format($$SELECT h.problem, h.next_step FROM o365.health() AS h
    WHERE h.code = 'answers_unclear' AND h.example = 'subscription %s'$$, :dora),
    $$VALUES ('1 connection had no clear answer to the last POSTs, two or more, and no card has arrived since',
              'The flow answers later than the limit: let its owner remove its Response step, or raise '
              'post_timeout_seconds with o365.set.')$$, 'F2: and health says what helps');
SELECT pg_temp.post(:w1, :dora, 'accepted', 202) \g /dev/null
SELECT is(pg_temp.told(:dora), NULL, 'F2: until one arrives');
SELECT pg_temp.lost(:w1, :eve, 3) \g /dev/null
SELECT is(pg_temp.last_end(:eve), 'in_doubt: no clear answer to 4 POSTs: no answer in time',
    'F2: with resend a card ends after its POSTs');
SELECT is((SELECT h.next_step ~ 'remove its Response step' FROM o365.health() AS h
    WHERE h.code = 'answers_unclear' AND h.example = 'subscription ' || :eve), true,
    'F2: and health still says what helps');
SELECT pg_temp.post(:w1, :eve, 'retry', 503, 'busy') \g /dev/null
SELECT is(pg_temp.told(:eve), '{answers_unclear}', 'F2: also while the next one is tried');
SELECT o365.pause(:eve) \g /dev/null
SELECT o365.resume(:eve) \g /dev/null
SELECT is(pg_temp.told(:eve), NULL, 'F2: somebody who resumes it has looked');

-- ---- a report that comes again ----
-- A card that was scheduled, an urgent one and a common one: the first has a place that is no card's number.
SELECT o365.send(:fay, '{"text": "1"}', not_before => now() + interval '1 hour') AS scheduled \gset
SELECT o365.send(:fay, '{"text": "2"}', urgent => true), o365.send(:fay, '{"text": "3"}') \g /dev/null
UPDATE o365_internal.scheduled SET due_at = now();
SELECT o365_programs.worker_feed() \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT c.lease_no AS l, array_agg(c.position) AS p FROM pg_temp.claim(:w1, '-infinity', 10, 10) AS c
 WHERE c.subscription_id = :fay GROUP BY 1 \gset
CREATE FUNCTION pg_temp.report_all(w integer, s bigint, l bigint, p bigint[], took integer[], OUT ended integer,
    OUT known integer) LANGUAGE sql AS $$
    SELECT r.ended, r.known FROM o365_programs.worker_report(w, array_fill(s, ARRAY[3]), array_fill(l, ARRAY[3]), p,
        '{delivered,delivered,delivered}', '{NULL,NULL,NULL}', '{200,200,200}', '{NULL,NULL,NULL}', took,
        '{NULL,NULL,NULL}', ARRAY[s], ARRAY[l], '{t}', '{1}') AS r $$;
SELECT ok(NOT :scheduled = ANY (:'p'::bigint[]), 'a card that was scheduled has a new place');
SELECT is(pg_temp.report_all(:w1, :fay, :l, :'p', '{11,12,13}')::text, '(3,0)', 'a report ends them');
SELECT is(pg_temp.report_all(:w1, :fay, :l, :'p', '{11,12,13}')::text, '(0,3)',
    'when it comes again all of them are known');
SELECT is(pg_temp.report_all(:w1, :fay, :l, :'p', '{11,12,14}')::text, '(0,2)',
    'another POST of a place that is no card''s number is not');
SELECT is(pg_temp.report_all(:w1, :fay, :l - 1, :'p', '{11,12,13}')::text, '(0,0)',
    'and of another lease none is: another worker has ended them');
SELECT * FROM finish();
