-- The delivery core, step by step as a worker calls it. Commits, because a round of arrivals sees only what is
-- committed.
\ir fixtures/setup.sql
SELECT no_plan();
SELECT pg_temp.connect('ann') AS ann, pg_temp.connect('bob') AS bob, pg_temp.connect('carl') AS carl,
       pg_temp.connect('dora') AS dora, pg_temp.connect('eve') AS eve \gset
SELECT (o365_programs.worker_start('w1', 'test', 'production') ->> 'worker')::integer AS w1,
       (o365_programs.worker_start('w2', 'test', 'production') ->> 'worker')::integer AS w2 \gset
-- What a worker claims, and the short forms of a report: one card, or a lane without any.
CREATE FUNCTION pg_temp.report(w integer, s bigint, l bigint, p bigint, outcome text, status integer DEFAULT 200,
    retry_after integer DEFAULT NULL, releases boolean DEFAULT true) RETURNS integer LANGUAGE sql AS $$
    SELECT r.ended FROM o365_programs.worker_report(w, ARRAY[s], ARRAY[l], ARRAY[p], ARRAY[outcome],
        ARRAY[NULL::integer], ARRAY[status], ARRAY[retry_after], ARRAY[1], ARRAY[NULL::text], ARRAY[s], ARRAY[l],
        ARRAY[releases], NULL) AS r $$;
CREATE FUNCTION pg_temp.release(w integer, s bigint, l bigint) RETURNS integer LANGUAGE sql AS $$
    SELECT r.ended FROM o365_programs.worker_report(w, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', ARRAY[s],
        ARRAY[l], '{t}', NULL) AS r $$;
CREATE FUNCTION pg_temp.due(s bigint) RETURNS boolean LANGUAGE sql AS $$
    SELECT coalesce((SELECT l.next_at <= clock_timestamp() FROM o365_internal.lane AS l WHERE l.subscription_id = s),
        false) $$;
CREATE FUNCTION pg_temp.ends(s bigint) RETURNS text[] LANGUAGE sql AS $$
    SELECT array_agg(d.outcome ORDER BY d.card_id) FROM o365_internal.delivery AS d WHERE d.subscription_id = s $$;
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:ann, format('{"text": "%s"}', i)::jsonb) FROM generate_series(1, 3) AS i \g /dev/null
RESET SESSION AUTHORIZATION;

SELECT is(pg_temp.due(:ann), false, 'a lane is not due before its cards are fed');
SELECT is(o365_programs.worker_feed(), 1, 'feeding wakes the lane');
SELECT is(o365_programs.worker_feed(), 0, 'once');
CREATE TEMP TABLE claimed AS SELECT * FROM pg_temp.claim(:w1, '-infinity', 10, 2);
SELECT results_eq('SELECT card FROM claimed', $$VALUES ('{"text": "1"}'), ('{"text": "2"}')$$,
    'a claim brings the first cards in order');
SELECT is_empty(format($$SELECT * FROM pg_temp.claim(%s, '-infinity', 10, 2)$$, :w2),
    'nobody else gets the lane meanwhile');
SELECT c.lease_no AS l, min(c.position) AS p1, max(c.position) AS p2 FROM claimed AS c GROUP BY 1 \gset
SELECT is(pg_temp.report(:w2, :ann, :l, :p1, 'delivered'), 0, 'a report of another worker is refused');
SELECT is(pg_temp.report(:w1, :ann, :l + 1, :p1, 'delivered'), 0, 'a report under another lease is refused');
SELECT is(pg_temp.ends(:ann), NULL, 'and neither ends a card');
SELECT is((o365_programs.worker_report(:w1, ARRAY[:ann, :ann]::bigint[], ARRAY[:l, :l]::bigint[],
    ARRAY[:p1, :p2]::bigint[], '{delivered,retry}', '{100,230}', '{200,503}', '{NULL,NULL}', '{5,6}', '{NULL,busy}',
    ARRAY[:ann]::bigint[], ARRAY[:l]::bigint[], '{t}', '{1}')).ended, 1, 'a report ends the card that was delivered');
SELECT is(pg_temp.report(:w1, :ann, :l, :p2, 'delivered'), 0, 'the same lease reports once');
SELECT results_eq(format('SELECT d.outcome, d.lease_no, d.rule_id, d.http_status, d.took_ms '
                         'FROM o365_internal.delivery AS d WHERE d.subscription_id = %s', :ann),
    format($$VALUES ('delivered', %s::bigint, 100, 200, 5)$$, :l),
    'the POST that ends a card is in the history with the card''s end');
SELECT results_eq(format('SELECT a.outcome, a.lease_no, a.rule_id, a.http_status, a.took_ms '
                         'FROM o365_internal.attempt AS a WHERE a.subscription_id = %s', :ann),
    format($$VALUES ('retry', %s::bigint, 230, 503, 6)$$, :l), 'and every other POST in a row of its own');
SELECT is(pg_temp.due(:ann), false, 'a failed card makes its lane wait');
SELECT is_empty(format($$SELECT * FROM pg_temp.claim(%s, '-infinity', 10, 2)$$, :w1), 'and with it the cards behind');
SELECT matches((SELECT q.reason FROM o365.queue AS q WHERE q.subscription_id = :ann),
    '^card \d+ failed once since [0-9: -]+: busy; it is tried again at ', 'the queue says why it waits');
SELECT results_eq(format(
    'SELECT a.outcome, a.rule, a.problem FROM o365.posts AS a WHERE a.subscription_id = %s ORDER BY a.card_id', :ann),
    $$VALUES ('delivered', 'a count of messages', NULL), ('retry', 'the far end failed', 'busy')$$,
    'and the attempts what came back');
SELECT is(l.failures, 1, 'the failure is counted') FROM o365_internal.lane AS l WHERE l.subscription_id = :ann;
SELECT ok(l.next_at - clock_timestamp() BETWEEN interval '2 s' AND interval '5 s',
    'the first wait is between half and the whole of the first step') FROM o365_internal.lane AS l
 WHERE l.subscription_id = :ann;

-- Retry until given up.
UPDATE o365_internal.lane SET next_at = now() WHERE subscription_id = :ann;
SELECT c.lease_no AS l, min(c.position) AS p2, max(c.position) AS p3 FROM pg_temp.claim(:w1, '-infinity', 10, 2) AS c
 GROUP BY 1 \gset
SELECT pg_temp.report(:w1, :ann, :l, :p2, 'throttled', 429, 120) \g /dev/null
SELECT ok(l.next_at - clock_timestamp() BETWEEN interval '100 s' AND interval '121 s', 'Retry-After is honoured')
  FROM o365_internal.lane AS l WHERE l.subscription_id = :ann;
UPDATE o365_internal.lane SET next_at = now(), failing_since = now() - interval '25 hours' WHERE subscription_id = :ann;
SELECT c.lease_no AS l FROM pg_temp.claim(:w1, '-infinity', 10, 2) AS c LIMIT 1 \gset
SELECT is(pg_temp.report(:w1, :ann, :l, :p2, 'retry', 503), 1, 'after give_up_hours the card ends');
SELECT is(pg_temp.ends(:ann), ARRAY['delivered', 'dead'], 'as dead');
SELECT is(pg_temp.due(:ann), true, 'and the lane goes on at once');
SELECT c.lease_no AS l FROM pg_temp.claim(:w1, '-infinity', 10, 2) AS c LIMIT 1 \gset
SELECT is(pg_temp.report(:w1, :ann, :l, :p3, 'delivered'), 1, 'with the next card');
SELECT ok(l.next_at IS NULL AND l.failures = 0 AND l.worker IS NULL, 'an empty lane is quiet')
  FROM o365_internal.lane AS l WHERE l.subscription_id = :ann;

-- An expired lease.
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:ann, '{"text": "4"}') \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT o365_programs.worker_feed() \g /dev/null
SELECT c.lease_no AS l1, c.position AS p FROM pg_temp.claim(:w1, '-infinity', 10, 2) AS c \gset
UPDATE o365_internal.lane SET next_at = now() WHERE subscription_id = :ann;
SELECT c.lease_no AS l2 FROM pg_temp.claim(:w2, '-infinity', 10, 2) AS c \gset
SELECT is(pg_temp.report(:w1, :ann, :l1, :p, 'delivered'), 0, 'a stalled worker''s late report is refused');
SELECT results_eq(format('SELECT may_send FROM o365_programs.worker_recheck(ARRAY[%1$s, %1$s]::bigint[], '
                         'ARRAY[%2$s, %3$s]::bigint[], ''{1,1}'')', :ann, :l1, :l2), 'VALUES (false), (true)',
    'and it is told so before it sends');
SELECT is(pg_temp.report(:w2, :ann, :l2, :p, 'delivered'), 1, 'the new holder''s counts');

-- Pause, resume.
SELECT o365.pause(:bob) \g /dev/null
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:bob, '{"text": "1"}') \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is_empty(format($$SELECT * FROM pg_temp.claim(%s, '-infinity', 10, 2)$$, :w1),
    'a paused lane is not claimed, whatever arrives');
SELECT o365.resume(:bob) \g /dev/null
SELECT c.lease_no AS l, c.position AS p FROM pg_temp.claim(:w1, '-infinity', 10, 2) AS c \gset
SELECT is((SELECT r.may_send FROM o365_programs.worker_recheck(ARRAY[:bob]::bigint[], ARRAY[:l]::bigint[], '{1}') AS r),
    true, 'resumed, it may send');
SELECT o365.pause(:bob) \g /dev/null
SELECT is((SELECT r.may_send FROM o365_programs.worker_recheck(ARRAY[:bob]::bigint[], ARRAY[:l]::bigint[], '{1}') AS r),
    false, 'paused under a lease, it may not');
SELECT o365.resume(:bob) \g /dev/null
SELECT ok(l.next_at > clock_timestamp() + interval '30 s',
    'resumed under a lease, it waits for the lease: one POST in flight at most') FROM o365_internal.lane AS l
 WHERE l.subscription_id = :bob;
SELECT is(pg_temp.release(:w1, :bob, :l), 0, 'a lane is given back without a card');
SELECT is(pg_temp.due(:bob), true, 'and is due again');

-- Remove: what waits is cancelled, what comes later too.
SELECT o365.remove(:bob) \g /dev/null
SELECT c.lease_no AS l, c.position AS p, c.ends_as FROM pg_temp.claim(:w1, '-infinity', 10, 2) AS c \gset
SELECT is(:'ends_as'::text, 'cancelled', 'a removed subscription''s card is claimed only to be cancelled');
SELECT is((o365_programs.worker_report(:w1, ARRAY[:bob]::bigint[], ARRAY[:l]::bigint[], ARRAY[:p]::bigint[],
    '{cancelled}', '{NULL}', '{NULL}',
    '{NULL}', '{NULL}', '{removed}', ARRAY[:bob]::bigint[], ARRAY[:l]::bigint[], '{t}', '{1}')).ended, 1,
    'and ends so');
SELECT is((SELECT count(*) FROM o365.posts AS a WHERE a.subscription_id = :bob), 0::bigint, 'without a POST');
SELECT is((SELECT d.reason FROM o365_internal.delivery AS d WHERE d.subscription_id = :bob), 'removed',
    'with its reason');

-- Suspend, in doubt, gone.
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:carl, '{"text": "1"}'), o365.send(:carl, '{"text": "2"}'),
       o365.send(:dora, '{"text": "1"}') \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT o365_programs.worker_feed() \g /dev/null
CREATE TEMP TABLE claimed2 AS SELECT * FROM pg_temp.claim(:w1, '-infinity', 10, 2);
SELECT c.lease_no AS cl, min(c.position) AS cp FROM claimed2 AS c WHERE c.subscription_id = :carl GROUP BY 1 \gset
SELECT c.lease_no AS dl, c.position AS dp FROM claimed2 AS c WHERE c.subscription_id = :dora \gset
SELECT pg_temp.report(:w1, :carl, :cl, :cp, 'in_doubt', NULL) \g /dev/null
SELECT is((SELECT count(*) FROM o365_internal.outbox AS o WHERE o.subscription_id = :carl), 2::bigint,
    'a card in doubt is sent again by default');
UPDATE o365_internal.subscription SET in_doubt_policy = 'skip' WHERE subscription_id = :carl;
UPDATE o365_internal.lane SET next_at = now() WHERE subscription_id = :carl;
SELECT c.lease_no AS cl FROM pg_temp.claim(:w1, '-infinity', 10, 2) AS c LIMIT 1 \gset
SELECT pg_temp.report(:w1, :carl, :cl, :cp, 'in_doubt', NULL) \g /dev/null
SELECT is(pg_temp.ends(:carl), ARRAY['in_doubt'], 'or ends so, where the subscription says skip');
SELECT pg_temp.report(:w1, :dora, :dl, :dp, 'suspend', 403) \g /dev/null
SELECT is((SELECT s.status FROM o365_internal.subscription AS s WHERE s.subscription_id = :dora), 'suspended',
    'a refused webhook is suspended');
SELECT isnt_empty($$SELECT 1 FROM o365.health() AS h WHERE h.code = 'connections_suspended'
    AND h.next_step LIKE '%o365.resume%'$$, 'health says so and what to do');
SELECT o365.resume(:dora) \g /dev/null
SELECT c.lease_no AS dl FROM pg_temp.claim(:w1, '-infinity', 10, 2) AS c WHERE c.subscription_id = :dora \gset
SELECT pg_temp.report(:w1, :dora, :dl, :dp, 'gone', 404) \g /dev/null
SELECT is((SELECT s.status FROM o365_internal.subscription AS s WHERE s.subscription_id = :dora), 'active',
    'one odd answer does not end a webhook');
UPDATE o365_internal.lane SET next_at = now(), gone_since = now() - interval '25 hours' WHERE subscription_id = :dora;
SELECT c.lease_no AS dl FROM pg_temp.claim(:w1, '-infinity', 10, 2) AS c WHERE c.subscription_id = :dora \gset
SELECT pg_temp.report(:w1, :dora, :dl, :dp, 'retry', 503) \g /dev/null
UPDATE o365_internal.lane SET next_at = now() WHERE subscription_id = :dora;
SELECT c.lease_no AS dl FROM pg_temp.claim(:w1, '-infinity', 10, 2) AS c WHERE c.subscription_id = :dora \gset
SELECT pg_temp.report(:w1, :dora, :dl, :dp, 'gone', 404) \g /dev/null
SELECT is((SELECT s.status FROM o365_internal.subscription AS s WHERE s.subscription_id = :dora), 'active',
    'nor does it after a day of other errors: each other answer begins the count anew');
UPDATE o365_internal.lane SET next_at = now(), gone_since = now() - interval '25 hours' WHERE subscription_id = :dora;
SELECT c.lease_no AS dl FROM pg_temp.claim(:w1, '-infinity', 10, 2) AS c WHERE c.subscription_id = :dora \gset
SELECT pg_temp.report(:w1, :dora, :dl, :dp, 'gone', 404) \g /dev/null
SELECT is((SELECT s.status FROM o365_internal.subscription AS s WHERE s.subscription_id = :dora), 'gone',
    'the same answer over give_up_hours does');
SELECT is((SELECT c.ends_as FROM pg_temp.claim(:w1, '-infinity', 10, 2) AS c WHERE c.subscription_id = :dora),
    'cancelled', 'and what waits is cancelled');

-- A report of progress.
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:ann, '{"text": "5"}'), o365.send(:ann, '{"text": "6"}') \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT o365_programs.worker_feed() \g /dev/null
SELECT c.lease_no AS l, min(c.position) AS p1, max(c.position) AS p2 FROM pg_temp.claim(:w1, '-infinity', 10, 10) AS c
 WHERE c.subscription_id = :ann GROUP BY 1 \gset
SELECT is(pg_temp.report(:w1, :ann, :l, :p1, 'delivered', releases => false), 1,
    'a card can be reported while its lane goes on');
SELECT ok(l.worker = :w1 AND l.next_at > now() AND l.cursor = :p1, 'which stays with its worker')
  FROM o365_internal.lane AS l
 WHERE l.subscription_id = :ann;
SELECT is(pg_temp.report(:w1, :ann, :l, :p1, 'delivered', releases => false), 0, 'reported twice it ends once');
SELECT is(pg_temp.report(:w1, :ann, :l, :p2, 'delivered'), 1, 'and the last report releases the lane');
SELECT ok(l.worker IS NULL AND l.next_at IS NULL, 'to nobody, since nothing waits') FROM o365_internal.lane AS l
 WHERE l.subscription_id = :ann;

-- A worker whose key file lacks a key.
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:ann, '{"text": "7"}') \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT o365_programs.worker_feed() \g /dev/null
SELECT c.lease_no AS l, c.position AS p FROM pg_temp.claim(:w1, '-infinity', 10, 10) AS c
 WHERE c.subscription_id = :ann \gset
SELECT pg_temp.report(:w1, :ann, :l, :p, 'cannot_open', NULL) \g /dev/null
SELECT ok(l.failures = 0 AND l.why = 'retry' AND l.not_before = l.next_at AND l.next_at > clock_timestamp()
    + interval '20 s',
    'a webhook that this worker cannot open waits half a minute and has not failed') FROM o365_internal.lane AS l
    WHERE l.subscription_id = :ann;
-- What else fails on our side, a proxy or a transfer for the host, waits for as long as it says.
SELECT o365_internal.card_failed(:ann, :l, :p, 'held', NULL, 5, 'no connection to the proxy') \g /dev/null
SELECT ok(l.failures = 0 AND l.why = 'host' AND l.not_before = l.next_at AND l.next_at
    - clock_timestamp() BETWEEN interval '4 s' AND interval '5 s' AND l.problem = 'no connection to the proxy',
    'what is not the webhook''s fault is held for a time, counts as no failure and is told')
    FROM o365_internal.lane AS l WHERE l.subscription_id = :ann;

-- A pause outranks what a worker finds out while it posts.
UPDATE o365_internal.lane SET next_at = now() WHERE subscription_id = :ann;
SELECT c.lease_no AS l, c.position AS p FROM pg_temp.claim(:w1, '-infinity', 10, 10) AS c
 WHERE c.subscription_id = :ann \gset
SELECT o365.pause(:ann) \g /dev/null
SELECT pg_temp.report(:w1, :ann, :l, :p, 'suspend', 401) \g /dev/null
SELECT is((SELECT s.status FROM o365_internal.subscription AS s WHERE s.subscription_id = :ann), 'paused',
    'a paused one stays paused');
SELECT is((SELECT (o365_programs.worker_outlook() ->> 'paused')::integer), 1,
    'and --once is told that cards wait behind the pause');
SELECT o365.resume(:ann) \g /dev/null

-- Renewed under a lease: the webhook that a worker has is an older one.
SELECT pg_temp.connect('fred') AS fred \gset
CREATE FUNCTION pg_temp.renew(s bigint, webhook text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_state text := 'renewal of ' || webhook;
BEGIN
    PERFORM pg_temp.begin(v_state, 'cookie', 'fred');
    UPDATE o365_internal.connect_attempt SET renews = s WHERE state_hash = sha256(v_state::bytea);
    RETURN pg_temp.callback(v_state, 'cookie', 'r-' || left(md5(v_state), 12),
        'https://contoso.webhook.office.com/webhookb2/' || webhook) ->> 'outcome';
END $$;
CREATE FUNCTION pg_temp.report_of(version integer, w integer, s bigint, l bigint, p bigint[], outcomes text[])
    RETURNS integer LANGUAGE sql AS $$
    SELECT r.ended FROM o365_programs.worker_report(w, array_fill(s, ARRAY[cardinality(p)]),
        array_fill(l, ARRAY[cardinality(p)]), p, outcomes,
        array_fill(NULL::integer, ARRAY[cardinality(p)]), array_fill(401, ARRAY[cardinality(p)]),
        array_fill(3600, ARRAY[cardinality(p)]),
        array_fill(1, ARRAY[cardinality(p)]), array_fill('as the old one says'::text, ARRAY[cardinality(p)]),
        ARRAY[s], ARRAY[l], '{t}', ARRAY[version]) AS r $$;
CREATE TEMP TABLE renewed (outcome text, lease bigint, first bigint, second bigint, version integer, may_send boolean,
    ended integer, lane o365_internal.lane, status text, may_as_new boolean, other_webhook integer);
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:fred, format('{"text": "%s"}', i)::jsonb) FROM generate_series(1, 20) AS i \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT o365_programs.worker_feed() \g /dev/null
DO $$
DECLARE
    v_worker integer := (SELECT min(w.worker_id) FROM o365_internal.worker AS w);
    v_fred bigint := (SELECT s.subscription_id FROM o365_internal.subscription AS s WHERE s.app_user = 'fred');
    r renewed;
BEGIN
    -- 'a rule of a later version' stands for outcomes that this version does not know.
    FOREACH r.outcome IN ARRAY ARRAY['suspend', 'gone', 'throttled', 'retry', 'cannot_open', 'held',
        'a rule of a later version', 'in_doubt'] LOOP
        SELECT l.lease_no, l.secret_version INTO r.lease, r.version
          FROM o365_programs.worker_lease(v_worker, '-infinity', 10) AS l
         WHERE l.subscription_id = v_fred;
        SELECT min(c.position), max(c.position) INTO r.first, r.second
          FROM o365_programs.worker_cards(v_worker, ARRAY[v_fred], ARRAY[r.lease], 2, 65536, 1000000) AS c;
        UPDATE o365_internal.lane SET gone_since = now() - interval '25 hours' WHERE subscription_id = v_fred
           AND r.outcome = 'gone';
        IF pg_temp.renew(v_fred, 'for ' || r.outcome) <> 'connected' THEN
            RAISE EXCEPTION 'not renewed';
        END IF;
        r.may_send := (SELECT x.may_send FROM o365_programs.worker_recheck(ARRAY[v_fred], ARRAY[r.lease],
            ARRAY[r.version]) AS x);
        r.may_as_new := (SELECT x.may_send FROM o365_programs.worker_recheck(ARRAY[v_fred], ARRAY[r.lease],
            ARRAY[r.version + 1]) AS x);
        r.ended := pg_temp.report_of(r.version, v_worker, v_fred, r.lease, ARRAY[r.first, r.second],
            ARRAY['dead', r.outcome]);
        r.lane := (SELECT l FROM o365_internal.lane AS l WHERE l.subscription_id = v_fred);
        SELECT s.status, s.secret_version - r.version INTO r.status, r.other_webhook
          FROM o365_internal.subscription AS s WHERE s.subscription_id = v_fred;
        INSERT INTO renewed SELECT r.*;
        -- The second one stays the first to leave.
        UPDATE o365_internal.lane SET next_at = now() WHERE subscription_id = v_fred;
    END LOOP;
END $$;
SELECT is_empty('SELECT outcome FROM renewed WHERE may_send',
    'a lane that was renewed may not go on to the older webhook');
SELECT is_empty('SELECT outcome FROM renewed WHERE NOT may_as_new OR other_webhook <> 1',
    'whoever has the new one may');
SELECT is_empty('SELECT outcome FROM renewed WHERE ended <> 1', 'a card that ended at the older one has ended');
SELECT is_empty($$SELECT outcome FROM renewed WHERE status <> 'active' OR (lane).why = 'pause'
    OR (lane).verdict IS NOT NULL$$, 'what the older webhook answered stops the new one with no outcome');
SELECT is_empty($$SELECT outcome, (lane).next_at FROM renewed WHERE (lane).next_at > clock_timestamp()
    AND outcome <> 'in_doubt'$$, 'its cards wait for no time that the older one asked for');
SELECT is_empty($$SELECT outcome FROM renewed WHERE ((lane).failures, (lane).throttles, (lane).dead_in_a_row) <> (0, 0,
    0) AND outcome <> 'in_doubt'
    OR (lane).dead_in_a_row <> 0 OR (lane).gone_since IS NOT NULL OR (lane).throttled_since IS NOT NULL$$,
    'nor is anything counted for the new one');
SELECT is_empty('SELECT a.outcome FROM renewed AS a JOIN renewed AS b ON b.lease = (SELECT min(c.lease) '
                'FROM renewed AS c WHERE c.lease > a.lease) WHERE b.first <> a.second',
    'and the card that it had is the next to leave');
SELECT is((lane).unclear, 1, 'a lost answer is the card''s, which may have been shown') FROM renewed
 WHERE outcome = 'in_doubt';
UPDATE o365_internal.subscription SET in_doubt_policy = 'skip' WHERE subscription_id = :fred;
SELECT l.lease_no AS l, l.secret_version AS v FROM o365_programs.worker_lease(:w1, '-infinity', 10) AS l
 WHERE l.subscription_id = :fred \gset
SELECT c.position AS p FROM o365_programs.worker_cards(:w1, ARRAY[:fred]::bigint[], ARRAY[:l]::bigint[], 1, 65536,
    1000000) AS c \gset
SELECT is(pg_temp.renew(:fred, 'skipping'), 'connected', 'renewed once more');
SELECT is(pg_temp.report_of(:v, :w1, :fred, :l, ARRAY[:p]::bigint[], '{in_doubt}'), 1,
    'and is not posted to the new webhook too where the policy is skip');
SELECT l.lease_no AS l, l.secret_version AS v FROM o365_programs.worker_lease(:w1, '-infinity', 10) AS l
 WHERE l.subscription_id = :fred \gset
SELECT c.position AS p FROM o365_programs.worker_cards(:w1, ARRAY[:fred]::bigint[], ARRAY[:l]::bigint[], 1, 65536,
    1000000) AS c \gset
SELECT is(pg_temp.report_of(:v, :w1, :fred, :l, ARRAY[:p]::bigint[], '{suspend}'), 0,
    'what the webhook itself answers');
SELECT is((SELECT s.status FROM o365_internal.subscription AS s WHERE s.subscription_id = :fred), 'suspended',
    'counts as ever');
SELECT o365.remove(:fred) \g /dev/null
UPDATE o365_internal.lane SET next_at = now() WHERE subscription_id = :ann;  -- leased along with it

-- Restored into another cluster: transaction ids of the old one mean nothing there.
SELECT c.lease_no AS l, c.position AS p FROM pg_temp.claim(:w1, '-infinity', 10, 10) AS c
 WHERE c.subscription_id = :ann \gset
UPDATE o365_internal.fed SET cluster = 1, snap = '9000000:9000000:' WHERE n = (SELECT max(n) FROM o365_internal.fed);
UPDATE o365_internal.outbox SET xid = '8999999' WHERE subscription_id = :ann;
SELECT is(o365_programs.worker_feed(), 0, 'a restored copy seems to have nothing to do');
SELECT o365_programs.worker_heartbeat(:w1, 'production') \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is((SELECT c.position FROM pg_temp.claim(:w2, '-infinity', 10, 10) AS c WHERE c.subscription_id = :ann),
    :p::bigint, 'until a worker''s first heartbeat hands everything to the lanes anew');
SELECT is(pg_temp.report(:w1, :ann, :l, :p, 'delivered'), 0, 'and refuses who had a lease before');

-- Adoption.
SELECT is(o365_programs.worker_adopt(:ann, 1, 'sym-0a1b2c3d', '\x01'), true, 'a worker re-seals under a symmetric key');
SELECT is(o365_programs.worker_adopt(:ann, 2, 'sym-0a1b2c3d', '\x02'), false, 'but not over a renewed secret');
SELECT is(o365_programs.worker_adopt(:ann, 1, 'sym-ffffffff', '\x02'), false, 'nor under a key nobody knows');
SELECT is(o365_programs.worker_adopt(:bob, 1, 'sym-0a1b2c3d', '\x02'), false, 'nor for what was removed');

-- The environment guard and chores.
SELECT is((o365_programs.worker_heartbeat(:w1, 'staging') ->> 'sends')::boolean, false,
    'a worker of another environment may not send');
SELECT is(o365_programs.worker_chores(:w1), '', 'chores with nothing to do say nothing');
SELECT o365_internal.make_partitions(0) \g /dev/null
CREATE TABLE o365_internal.delivery_20200101 PARTITION OF o365_internal.delivery FOR VALUES
    FROM ('2020-01-01') TO ('2020-01-02');
SELECT is(o365_programs.worker_chores(:w1), 'dropped delivery_20200101', 'history older than history_days goes');
DO $$
DECLARE
    v_table text;
BEGIN
    FOR v_table IN SELECT i.inhrelid::regclass::text FROM pg_inherits AS i
                    WHERE i.inhparent = 'o365_internal.delivery'::regclass
                      AND i.inhrelid::regclass::text ~ '[0-9]{8}$' LOOP
        EXECUTE 'DROP TABLE ' || v_table;
    END LOOP;
END $$;
INSERT INTO o365_internal.delivery (card_id, subscription_id, outcome, enqueued_at)
    VALUES (0, :ann, 'delivered', now());
SET timezone = 'America/Los_Angeles';
SELECT is(o365_programs.worker_chores(:w1),
    'moved 1 day from delivery_default into partitions, made 2 partitions of delivery',
    'partitions are made in any time zone');
RESET timezone;
SELECT is((SELECT count(*) FROM o365_internal.delivery_default), 0::bigint,
    'rows that came before their partition move into it');
SELECT is((SELECT count(*) FROM o365_internal.delivery WHERE card_id = 0), 1::bigint, 'and stay');
-- Two transactions at once. The second sends its first card before those of the first, commits when that is delivered,
-- and its second card lies between those that are still claimed: neither may leave before both were fed. Positions are
-- set here as their order of sending would have.
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:eve, '{"text": "one"}') \g /dev/null
SELECT o365.send(:eve, '{"text": "two"}') \g /dev/null
RESET SESSION AUTHORIZATION;
UPDATE o365_internal.outbox AS o SET position = o.position * 1000 WHERE o.subscription_id = :eve;
SELECT o365_programs.worker_feed() \g /dev/null
SELECT c.lease_no AS l, min(c.position) AS p1, max(c.position) AS p2 FROM pg_temp.claim(:w1, '-infinity', 10, 2) AS c
 WHERE c.subscription_id = :eve GROUP BY 1 \gset
SELECT is(pg_temp.report(:w1, :eve, :l, :p1, 'delivered', releases => false), 1,
    'the first of two cards is delivered, the lease goes on');
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:eve, format('{"text": "late %s"}', i)::jsonb) FROM generate_series(1, 2) AS i \g /dev/null
RESET SESSION AUTHORIZATION;
UPDATE o365_internal.outbox AS o SET position = CASE WHEN o.card LIKE '%late 1%' THEN :p1 - 1 ELSE :p1 + 1 END
 WHERE o.subscription_id = :eve AND o.card LIKE '%late%';
SELECT is(pg_temp.report(:w1, :eve, :l, :p2, 'delivered'), 1,
    'the second is delivered while another transaction has committed and is not fed');
SELECT is_empty(format($$SELECT card FROM pg_temp.claim(%s, '-infinity', 10, 2)
    WHERE subscription_id = %s AND card IS NOT NULL$$, :w1, :eve), 'nothing of it leaves before it is fed');
SELECT c.lease_no AS l FROM o365_internal.lane AS c WHERE c.subscription_id = :eve \gset
SELECT pg_temp.release(:w1, :eve, :l) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
CREATE TEMP TABLE late AS SELECT * FROM pg_temp.claim(:w1, '-infinity', 10, 2) AS c WHERE c.subscription_id = :eve;
SELECT results_eq('SELECT card FROM late', $$VALUES ('{"text": "late 1"}'), ('{"text": "late 2"}')$$,
    'and then all of it, in order');
SELECT pg_temp.report(:w1, :eve, l.lease_no, l.position, 'delivered', releases => l.position > :p1)
  FROM (SELECT * FROM late ORDER BY position) AS l \g /dev/null

-- A report that was committed while its answer was lost comes again, with what was posted since (found by
-- tests/faults/run). Both ways of numbering: all are POSTs, and not.
SELECT pg_temp.connect('gwen') AS gwen \gset
CREATE FUNCTION pg_temp.report_more(w integer, s bigint, p bigint[], o text[], took integer[], releases boolean)
RETURNS integer LANGUAGE sql AS $$
    SELECT r.ended FROM o365_internal.lane AS l
     CROSS JOIN LATERAL (SELECT array_fill(NULL::integer, ARRAY[cardinality(p)]) AS none) AS n
     CROSS JOIN LATERAL o365_programs.worker_report(w, array_fill(s, ARRAY[cardinality(p)]),
        array_fill(l.lease_no, ARRAY[cardinality(p)]), p, o, n.none, n.none, n.none, took, n.none::text[],
        ARRAY[s], ARRAY[l.lease_no], ARRAY[releases], '{NULL}') AS r
     WHERE l.subscription_id = s $$;
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:gwen, format('{"text": "%s"}', i)::jsonb) FROM generate_series(1, 9) AS i \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT o365_programs.worker_feed() \g /dev/null
SELECT array_agg(c.position ORDER BY c.position) AS p FROM pg_temp.claim(:w1, '-infinity', 10, 9) AS c
 WHERE c.subscription_id = :gwen \gset
SELECT pg_temp.report_more(:w1, :gwen, (:'p'::bigint[])[1:3], '{delivered,delivered,delivered}', '{1,1,1}', false)
    \g /dev/null
SELECT is(pg_temp.report_more(:w1, :gwen, (:'p'::bigint[])[1:4], '{delivered,delivered,delivered,delivered}',
    '{1,1,1,1}', false), 1, 'a report that comes again ends what is new in it');
SELECT is(pg_temp.report_more(:w1, :gwen, (:'p'::bigint[])[3:6], '{delivered,delivered,expired,delivered}',
    '{1,1,NULL,1}', false), 2, 'also beside an end without a POST');
-- A card whose row is not there, because somebody deleted it, is no repetition: it was posted.
DELETE FROM o365_internal.outbox WHERE subscription_id = :gwen AND position = (:'p'::bigint[])[8];
SELECT is(pg_temp.report_more(:w1, :gwen, (:'p'::bigint[])[7:9], '{delivered,delivered,delivered}', '{1,1,1}', true), 2,
    'and what is reported once is counted once');
SELECT results_eq(format('SELECT d.post_no FROM o365_internal.delivery AS d WHERE d.subscription_id = %s
                           AND d.post_no IS NOT NULL ORDER BY d.card_id', :gwen),
    'VALUES (1::bigint), (2), (3), (4), (5), (6), (8)', 'each POST keeps its number, and none is left out');
SELECT is((SELECT l.posts FROM o365_internal.lane AS l WHERE l.subscription_id = :gwen), 8::bigint,
    'the lane has counted each once');

SELECT * FROM finish();
