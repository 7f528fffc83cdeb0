-- A far end that fails as a whole: its circuit breaker opens, probes it, closes, and nobody is charged. Due lanes are
-- taken by turns. Commits, because a round of arrivals sees only what is committed.
\ir fixtures/setup.sql
SELECT no_plan();
SELECT o365.grant_application('postgres', 'desk'), o365.allow_webhook_host('connector', 'one.example') \g /dev/null
SELECT (o365_programs.worker_start('w', 'test', 'production') ->> 'worker')::integer AS w \gset
-- Connections on any host: the first rows of setup.sql's allow-list.
CREATE FUNCTION pg_temp.connect_on(who text, host text) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_temp.begin('s-' || who, 'c', who);
    PERFORM pg_temp.callback('s-' || who, 'c', 'r-' || left(md5(who), 12), format('https://%s/webhookb2/%s', host, who),
        host);
    RETURN (SELECT max(s.subscription_id) FROM o365_internal.subscription AS s WHERE s.app_user = who);
END $$;
CREATE TEMP TABLE sub AS SELECT n, who, pg_temp.connect_on(who, host) AS s FROM (VALUES
    (1, 'a1', 'contoso.webhook.office.com'), (2, 'a2', 'contoso.webhook.office.com'),
    (3, 'a3', 'contoso.webhook.office.com'),
    (4, 'a4', 'contoso.webhook.office.com'), (5, 'a5', 'contoso.webhook.office.com'),
    (6, 'a6', 'contoso.webhook.office.com'),
    (7, 'b1', 'fabrikam.webhook.office.com'), (8, 'b2', 'fabrikam.webhook.office.com'),
    (9, 'c1', 'litware.webhook.office.com'),
    (11, 'o1', 'one.example'), (12, 'o2', 'one.example'), (13, 'o3', 'one.example'), (14, 'o4', 'one.example'),
    (15, 'o5', 'one.example'), (16, 'o6', 'one.example')) AS v (n, who, host);
CREATE FUNCTION pg_temp.s(who text) RETURNS bigint LANGUAGE sql AS $$ SELECT s FROM sub WHERE sub.who = s.who $$;
CREATE FUNCTION pg_temp.lane(who text) RETURNS o365_internal.lane LANGUAGE sql AS $$
    SELECT l FROM o365_internal.lane AS l WHERE l.subscription_id = pg_temp.s(who) $$;
CREATE FUNCTION pg_temp.host(name text) RETURNS o365_internal.host LANGUAGE sql AS $$
    SELECT h FROM o365_internal.host AS h WHERE h.name = host.name $$;
CREATE FUNCTION pg_temp.state(host text) RETURNS text LANGUAGE sql AS $$
    SELECT h.state FROM o365.hosts AS h WHERE h.host = state.host $$;
-- Makes a card for each, claims those lanes alone, and reports the same answer for all of them, in this order.
CREATE FUNCTION pg_temp.answer(w integer, who text[], outcome text, status integer, retry_after integer DEFAULT NULL)
    RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    v_who text;
    v_lane record;
    v_n integer := 0;
BEGIN
    FOREACH v_who IN ARRAY who LOOP
        UPDATE o365_internal.lane AS l SET worker = w, lease_no = l.lease_no + 1, claimed_at = clock_timestamp(),
            lease_until = now() + interval '1 minute',
               next_at = now() + interval '1 minute' WHERE l.subscription_id = pg_temp.s(v_who)
            RETURNING l.subscription_id, l.lease_no INTO v_lane;
        PERFORM o365_programs.worker_report(w, ARRAY[v_lane.subscription_id], ARRAY[v_lane.lease_no],
            ARRAY[(SELECT min(o.position) FROM o365_internal.outbox AS o
                WHERE o.subscription_id = v_lane.subscription_id)],
            ARRAY[outcome], '{NULL}', ARRAY[nullif(status, 0)], ARRAY[retry_after], '{1}',
            ARRAY[outcome || ' ' || status], ARRAY[v_lane.subscription_id], ARRAY[v_lane.lease_no], '{t}', '{1}');
        v_n := v_n + 1;
    END LOOP;
    RETURN v_n;
END $$;
CREATE FUNCTION pg_temp.claimed(w integer, n integer DEFAULT 100) RETURNS text[] LANGUAGE sql AS $$
    SELECT coalesce(array_agg(sub.who ORDER BY sub.who), '{}')
      FROM o365_programs.worker_lease(w, '-infinity', n) AS l JOIN sub ON sub.s = l.subscription_id $$;
CREATE FUNCTION pg_temp.give_back(w integer) RETURNS void LANGUAGE sql AS $$
    SELECT o365_programs.worker_report(w, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}',
        '{}', array_agg(l.subscription_id), array_agg(l.lease_no), array_agg(true), NULL) FROM o365_internal.lane AS l
     WHERE l.worker = w HAVING count(*) > 0 $$;
-- What health says beside what this database has not.
CREATE FUNCTION pg_temp.told() RETURNS text[] LANGUAGE sql AS $$
    SELECT coalesce(array_agg(h.code || ': ' || h.count ORDER BY h.code), '{}')
      FROM o365.health() AS h WHERE h.code !~ '^(pgcrypto|server|sealing)_' $$;
SELECT o365.send(s, format('{"text": "%s"}', i)::jsonb) FROM sub, generate_series(1, 8) AS i \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
\set wild '''*.webhook.office.com'''

-- Evidence.
SELECT results_eq('SELECT h.host, h.state, h.since, h.until, h.reason, h.waiting FROM o365.hosts AS h',
    $$VALUES ('*.webhook.office.com', 'open', NULL::timestamptz, NULL::timestamptz, NULL, 9::bigint),
        ('one.example', 'open', NULL, NULL, NULL, 6)$$, 'far ends are open');
SELECT pg_temp.answer(:w, '{o1,o2,o3,o4}', 'retry', 0) \g /dev/null
SELECT is(pg_temp.state('one.example'), 'open', 'four lanes in a row are no evidence against a far end');
SELECT is((pg_temp.lane('o1')).failures, 1, 'each is charged');
SELECT pg_temp.answer(:w, '{o1,o1,o2}', 'retry', 503) \g /dev/null
SELECT is(pg_temp.state('one.example'), 'open', 'nor are the same ones again');
SELECT pg_temp.answer(:w, '{o6}', 'throttled', 429) \g /dev/null
SELECT is((pg_temp.host('one.example')).suspects, NULL, 'an answer of whatever kind to another one ends the row');
SELECT pg_temp.answer(:w, '{o1,o2,o3,o4}', o.outcome, o.status)
  FROM (VALUES ('retry', 400), ('dead', 404), ('in_doubt', 200), ('throttled', 429)) AS o (outcome, status) \g /dev/null
SELECT is((pg_temp.host('one.example')).suspects, NULL,
    'answers about a card or a webhook are none, and our own side''s trouble is none');
SELECT pg_temp.answer(:w, '{o5}', 'held', 0) \g /dev/null
SELECT is((pg_temp.host('one.example')).suspects, NULL, 'a proxy that is down is none');
-- F8: each cause of our own has its finding, and none is another's.
SELECT results_eq($$SELECT h.severity, h.code, h.object, h.problem, h.next_step ~ 'o365-worker --check', h.count,
    h.since IS NOT NULL FROM o365.health() AS h WHERE h.example = 'subscription ' || pg_temp.s('o5')$$,
    $$VALUES ('error', 'worker_cannot_post', 'host one.example', '1 connection waits with cards: held 0', true,
              1::bigint, true)$$, 'F8: health says that it is the worker''s side');
SELECT is(pg_temp.told(), '{worker_cannot_post: 1}', 'F8: and nothing else');
UPDATE o365_internal.lane SET failures = 3 WHERE subscription_id = pg_temp.s('o5');
SELECT is(pg_temp.told(), '{worker_cannot_post: 1}', 'F8: nor of one whose card failed before');
SELECT pg_temp.answer(:w, '{o5}', 'held', 0, 4) \g /dev/null
SELECT is(pg_temp.told(), '{}', 'F8: a lane that waits for a transfer of a slow far end is no news');
UPDATE o365_internal.lane SET blocked_since = now() - interval '5 minutes' WHERE subscription_id = pg_temp.s('o5');
SELECT pg_temp.answer(:w, '{o5}', 'held', 0, 4) \g /dev/null
SELECT is(pg_temp.told(), '{far_ends_slow: 1}', 'F8: until it has waited for five minutes');
SELECT pg_temp.answer(:w, '{o5}', 'cannot_open', 0) \g /dev/null
SELECT is(pg_temp.told(), '{webhooks_not_opened: 1}', 'F8: and a key that no worker has is the key alone');
SELECT ok(l.failures = 3 AND l.why = 'retry' AND l.blocked = 'key', 'F8: none of them counts as a failure')
  FROM pg_temp.lane('o5') AS l;
SELECT pg_temp.answer(:w, '{o5}', 'delivered', 200) \g /dev/null
SELECT is(pg_temp.told(), '{}', 'F8: which is over when a card has left');
SELECT pg_temp.answer(:w, '{o5}', 'held', 0), pg_temp.answer(:w, '{o5}', 'retry', 400) \g /dev/null
SELECT is(pg_temp.told(), '{}', 'F8: or when its webhook was asked again');
SELECT pg_temp.answer(:w, '{o5}', 'held', 0), o365.pause(pg_temp.s('o5')) \g /dev/null
SELECT is(pg_temp.told(), '{}', 'F8: or when nothing is to leave any more');
SELECT o365.resume(pg_temp.s('o5')) \g /dev/null
SELECT pg_temp.answer(:w, '{o1,o2,o3,o4,o5,o6}', 'fault', 0) \g /dev/null
SELECT is((pg_temp.host('one.example')).suspects, NULL, 'nor are cards that the worker cannot make a POST of');
SELECT ok(l.failures > 0 AND l.useless_since IS NULL AND l.why = 'retry' AND l.problem = 'fault 0',
    'which are tried again and charge their webhook nothing') FROM pg_temp.lane('o6') AS l;
UPDATE o365_internal.lane SET failures = 0, failing_since = NULL, useless_since = NULL, unclear = 0, trying = NULL,
    throttles = 0, throttled_since = NULL, not_before = NULL, why = NULL,
    problem = NULL, next_at = clock_timestamp();
SELECT pg_temp.answer(:w, '{o1,o2,o3,o4}', 'retry', 500) \g /dev/null
UPDATE o365_internal.host SET suspected_at = now() - interval '11 minutes' WHERE name = 'one.example';
SELECT pg_temp.answer(:w, '{o5}', 'retry', 500) \g /dev/null
SELECT is((pg_temp.host('one.example')).suspects, ARRAY[pg_temp.s('o5')], 'evidence is forgotten after ten minutes');
SELECT pg_temp.answer(:w, '{o1,o2,o3}', 'retry', 500) \g /dev/null
SELECT is(pg_temp.state('one.example'), 'open', 'so that these four are too few');
SELECT pg_temp.answer(:w, '{o4}', 'retry', 500) \g /dev/null
SELECT is(pg_temp.state('one.example'), 'open', 'and five at one moment as well');
UPDATE o365_internal.host SET suspected_since = now() - interval '3 seconds' WHERE name = 'one.example';
SELECT pg_temp.answer(:w, '{o4}', 'in_doubt', 0) \g /dev/null
SELECT is(pg_temp.state('one.example'), 'failing', 'five lanes over three seconds open the breaker');
SELECT results_eq($$SELECT e.kind, e.object, e.actor, e.reason FROM o365.events AS e WHERE e.kind = 'host_failing'$$,
    $$VALUES ('host_failing', 'one.example', 'worker', 'in_doubt 0')$$, 'there is an event');
SELECT ok(h.problem = 'in_doubt 0' AND h.since <= now() AND h.until > now() AND h.probes = 0, 'and a row of o365.hosts')
  FROM (
    SELECT h.reason AS problem, h.since, h.until, h.probes FROM o365.hosts AS h WHERE h.host = 'one.example') AS h;
SELECT results_eq($$SELECT h.severity, h.object, h.count, h.since IS NOT NULL,
    h.problem ~ '^fails as a whole: in_doubt 0; probed 0 times since, again at [-0-9: ]+; 6 connections with cards '
                'wait$'
    FROM o365.health() AS h WHERE h.code = 'hosts_failing'$$,
    $$VALUES ('warning', 'host one.example', 6::bigint, true, true)$$, 'health says since when and how many');
SELECT is(pg_temp.told(), '{hosts_failing: 6}', 'and nothing else of its lanes');
UPDATE o365_internal.lane SET failures = 4, unclear_in_a_row = 2 WHERE subscription_id = pg_temp.s('o4');
SELECT is(pg_temp.told(), '{hosts_failing: 6}', 'nor of those that failed before');
UPDATE o365_internal.lane SET failures = 1, unclear_in_a_row = 1 WHERE subscription_id = pg_temp.s('o4');
SELECT is(ARRAY(SELECT (pg_temp.lane(u)).failures FROM unnest('{o1,o2,o3,o4,o5}'::text[]) AS u), '{1,1,1,1,0}',
    'the five get back what they were charged with last');
SELECT is((pg_temp.lane('o4')).unclear, 1, 'but for a lost answer, which counts for its card as ever');
SELECT matches(q.reason, '^host one\.example fails since [-0-9: ]+: in_doubt 0; it is tried again at [-0-9: ]+$',
    'the queue says why they wait') FROM o365.queue AS q WHERE q.subscription_id = pg_temp.s('o6');
SELECT ok(q.why = 'host' AND q.until >= h.until, 'and until when') FROM o365.queue AS q, o365.hosts AS h
 WHERE q.subscription_id = pg_temp.s('o6') AND h.host = 'one.example';

-- Open.
SELECT is(pg_temp.claimed(:w), '{a1,a2,a3,a4,a5,a6,b1,b2,c1}', 'a claim leaves its lanes alone and takes the others');
SELECT pg_temp.give_back(:w) \g /dev/null
SELECT ok((o365_programs.worker_outlook() ->> 'failing')::integer >= 6, '--once calls it failing');
CREATE TEMP TABLE leased AS SELECT s, 0::bigint AS l FROM sub WHERE who = 'o6';
UPDATE o365_internal.lane AS la SET worker = :w, claimed_at = now() - interval '1 second', lease_until = now()
    + interval '1 minute', next_at = now() + interval '1 minute' FROM leased WHERE la.subscription_id = leased.s;
SELECT is((SELECT r.may_send FROM leased, o365_internal.lane AS la,
    o365_programs.worker_recheck(ARRAY[la.subscription_id], ARRAY[la.lease_no], '{1}') AS r
    WHERE la.subscription_id = leased.s), false, 'a lane that was leased before stops');
SELECT pg_temp.answer(:w, '{o6}', 'retry', 502) \g /dev/null
SELECT ok(l.failures = 0 AND l.failing_since IS NULL AND l.why = 'host'
    AND l.not_before = (pg_temp.host('one.example')).failing_until AND l.next_at = l.not_before
    AND l.problem = 'retry 502', 'and what was in flight is charged nothing') FROM pg_temp.lane('o6') AS l;
SELECT pg_temp.answer(:w, '{o6}', 'retry', 503, 900) \g /dev/null
SELECT ok(l.not_before > now() + interval '14 minutes', 'what it asked for is the least') FROM pg_temp.lane('o6') AS l;
SELECT pg_temp.answer(:w, '{o5}', 'in_doubt', 0) FROM generate_series(1, 3) \g /dev/null
SELECT is((pg_temp.lane('o5')).unclear, 3, 'lost answers are counted');
SELECT pg_temp.answer(:w, '{o5}', 'in_doubt', 0) \g /dev/null
SELECT is((SELECT count(*) FROM o365.deliveries AS d WHERE d.subscription_id = pg_temp.s('o5')
    AND d.outcome = 'in_doubt'), 1::bigint, 'F2: and a card that may have been shown four times ends in doubt');

-- Half open.
UPDATE o365_internal.lane AS l SET next_at = clock_timestamp() - interval '1 second' * l.subscription_id,
    not_before = NULL, why = NULL WHERE l.subscription_id IN (SELECT s FROM sub WHERE who LIKE 'o%');
UPDATE o365_internal.host SET failing_until = now(), probes = 3 WHERE name = 'one.example';
SELECT is(pg_temp.claimed(:w), '{a1,a2,a3,a4,a5,a6,b1,b2,c1,o5,o6}',
    'after the backoff two lanes are claimed as probes, those that were due first');
SELECT ok(h.probes = 4 AND h.probed_at IS NOT NULL AND h.failing_until > now() + interval '20 seconds',
    'which is counted, and the next ones wait for what they bring') FROM pg_temp.host('one.example') AS h;
SELECT is(pg_temp.claimed(:w), '{}', 'nobody else is');
SELECT is((SELECT r.may_send FROM o365_internal.lane AS la, o365_programs.worker_recheck(ARRAY[la.subscription_id],
    ARRAY[la.lease_no], '{1}') AS r WHERE la.subscription_id = pg_temp.s('o6')), true, 'a probe may be posted');
SELECT o365.hold_host('one.example') \g /dev/null
SELECT is((SELECT r.may_send FROM o365_internal.lane AS la, o365_programs.worker_recheck(ARRAY[la.subscription_id],
    ARRAY[la.lease_no], '{1}') AS r WHERE la.subscription_id = pg_temp.s('o6')), false,
    'unless somebody holds the far end');
SELECT is(pg_temp.state('one.example'), 'held', 'which outranks the breaker');
SELECT o365.release_host('one.example') \g /dev/null
SELECT is(pg_temp.state('one.example'), 'failing', 'and ends no failure');
SELECT pg_temp.answer(:w, '{o6}', 'retry', 0) \g /dev/null
SELECT ok(h.failing_until BETWEEN now() + interval '28 seconds' AND now() + interval '62 seconds',
    'a probe in vain: the next one after a longer backoff, a minute at most') FROM pg_temp.host('one.example') AS h;
SELECT pg_temp.give_back(:w) \g /dev/null
SELECT is(ARRAY(SELECT extract(epoch FROM o365_internal.probe_backoff(n)) BETWEEN 0.4999 * s AND s
    FROM (VALUES (0, 5), (1, 10), (2, 20), (4, 60), (1000000, 60)) AS v (n, s)), '{t,t,t,t,t}',
    'backoff doubles from 5 s to a minute, with jitter');
UPDATE o365_internal.lane SET next_at = NULL WHERE subscription_id IN (SELECT s FROM sub WHERE who LIKE 'o%');
UPDATE o365_internal.host SET failing_until = now() WHERE name = 'one.example';
SELECT pg_temp.claimed(:w), pg_temp.give_back(:w) \g /dev/null
SELECT is((pg_temp.host('one.example')).probes, 4, 'without a due lane there is no probe');
UPDATE o365_internal.lane SET next_at = now() WHERE subscription_id IN (SELECT s FROM sub WHERE who LIKE 'o%');
UPDATE o365_internal.host SET failing_until = now() + interval '1 hour' WHERE name = 'one.example';
SELECT is((SELECT count(*) FROM unnest(pg_temp.claimed(:w)) AS u WHERE u LIKE 'o%'), 2::bigint,
    'a clock that was put back keeps no probe waiting');
SELECT pg_temp.give_back(:w) \g /dev/null

-- A success closes it, and the rate grows again.
SELECT pg_temp.answer(:w, '{o1}', 'delivered', 200) \g /dev/null
SELECT ok(h.state = 'recovering' AND h.since IS NOT NULL AND h.until IS NULL AND h.probes IS NULL AND h.reason IS NULL,
    'an answer closes the breaker') FROM o365.hosts AS h WHERE h.host = 'one.example';
SELECT results_eq($$SELECT e.kind, e.object, e.detail ~ '^20' FROM o365.events AS e WHERE e.kind = 'host_recovered'$$,
    $$VALUES ('host_recovered', 'one.example', true)$$, 'which is an event, with since when');
SELECT is((SELECT count(*) FROM o365.health() AS h WHERE h.code = 'hosts_failing'), 0::bigint, 'health is silent');
SELECT is((SELECT c.most[array_position(c.ids, (pg_temp.host('one.example')).host_id)]
    FROM o365_internal.claimable_hosts(100, '-infinity', clock_timestamp()) AS c), 16,
    'in the first second a few lanes');
UPDATE o365_internal.host SET taken = 16 WHERE name = 'one.example';
SELECT is((SELECT array_position(c.ids, (pg_temp.host('one.example')).host_id)
    FROM o365_internal.claimable_hosts(100, '-infinity', clock_timestamp()) AS c), NULL, 'and no more');
UPDATE o365_internal.host SET recovered_at = clock_timestamp() - interval '2 seconds' WHERE name = 'one.example';
SELECT is((SELECT c.most[array_position(c.ids, (pg_temp.host('one.example')).host_id)]
    FROM o365_internal.claimable_hosts(500, '-infinity', clock_timestamp()) AS c), 96,
    'in each further one twice as many');
SELECT cmp_ok((pg_temp.host('one.example')).taken, '>', 16, 'what is there counts as taken');
UPDATE o365_internal.host SET recovered_at = clock_timestamp() - interval '8 seconds' WHERE name = 'one.example';
SELECT pg_temp.claimed(:w), pg_temp.give_back(:w) \g /dev/null
SELECT ok(h.recovered_at IS NULL AND h.suspects IS NULL AND h.taken = 0 AND pg_temp.state('one.example') = 'open',
    'until all is as before') FROM pg_temp.host('one.example') AS h;

-- Below an entry with several hosts one tenant is not the far end.
SELECT is((pg_temp.host(:wild)).hosts,
    '{contoso.webhook.office.com,fabrikam.webhook.office.com,litware.webhook.office.com}',
    'a far end knows its hosts');
SELECT is((pg_temp.host('one.example')).hosts, '{one.example}', 'or its only one');
SELECT pg_temp.answer(:w, '{a1,a2,a3,a4,a5,a6,a1,a2,a3,a4,a5,a6}', 'in_doubt', 0) \g /dev/null
SELECT is(pg_temp.state(:wild), 'open', 'six lanes of one tenant do not stop the others');
UPDATE o365_internal.host SET suspected_since = now() - interval '3 seconds' WHERE name = :wild;
SELECT pg_temp.answer(:w, '{b1}', 'retry', 0) \g /dev/null
SELECT is(pg_temp.state(:wild), 'open', 'nor do they with one lane of another');
SELECT pg_temp.answer(:w, '{c1}', 'retry', 0) \g /dev/null
SELECT is(pg_temp.state(:wild), 'failing', 'with two of others they do');
SELECT is((pg_temp.lane('b1')).failures + (pg_temp.lane('c1')).failures, 0, 'who are charged nothing');
UPDATE o365_internal.host SET failing_until = now() WHERE name = :wild;
UPDATE o365_internal.lane SET next_at = now(), why = NULL, not_before = NULL WHERE subscription_id = pg_temp.s('b2');
SELECT ok('b2' = ANY (pg_temp.claimed(:w)), 'a lane that did not fail is the first to probe it');
SELECT pg_temp.give_back(:w) \g /dev/null
-- What dead tenants wait with is due before everything that arrives, whatever it is.
UPDATE o365_internal.host SET failing_until = now() WHERE name = :wild;
UPDATE o365_internal.lane SET next_at = now() - interval '1 minute', why = NULL, not_before = NULL
 WHERE subscription_id IN (SELECT s FROM sub WHERE who ~ '^[abc]' AND who <> 'b2');
UPDATE o365_internal.lane SET next_at = now() WHERE subscription_id = pg_temp.s('b2');
SELECT ok('b2' = ANY (pg_temp.claimed(:w)), 'however many that failed are due before it');
SELECT ok((pg_temp.lane('b2')).next_at > now(), 'and has its lease like others');
SELECT pg_temp.give_back(:w) \g /dev/null
UPDATE o365_internal.host SET failing_until = now() WHERE name = :wild;
UPDATE o365_internal.lane SET next_at = now() - interval '1 minute' WHERE subscription_id IN (
    SELECT s FROM sub WHERE who ~ '^[abc]');
UPDATE o365_internal.lane SET next_at = now(), unclear_in_a_row = 4 WHERE subscription_id = pg_temp.s('b2');
SELECT ok(NOT 'b2' = ANY (pg_temp.claimed(:w)), 'but one whose last card ended in doubt is among those that failed');
UPDATE o365_internal.lane SET unclear_in_a_row = 0;
SELECT pg_temp.give_back(:w), pg_temp.answer(:w, '{b2}', 'accepted', 202) \g /dev/null
SELECT is(pg_temp.state(:wild), 'recovering', 'and its answer is enough');
-- Of five tenants or more one lane each.
UPDATE o365_internal.host SET hosts = hosts || '{tailspin.webhook.office.com,wingtip.webhook.office.com}',
    recovered_at = NULL, suspects = NULL WHERE name = :wild;
SELECT pg_temp.answer(:w, '{a1,a2,a3,a4,a5,a6,b1,b2,c1}', 'retry', 0) \g /dev/null
UPDATE o365_internal.host SET suspected_since = now() - interval '3 seconds' WHERE name = :wild;
SELECT pg_temp.answer(:w, '{a1,a2,a3,a4,a5,a6,b1,b2,c1}', 'retry', 0) \g /dev/null
SELECT ok(pg_temp.state(:wild) = 'open' AND cardinality((pg_temp.host(:wild)).suspects) = 3,
    'nine lanes of three dead tenants do not stop many others');
SELECT pg_temp.connect_on('t1', 'tailspin.webhook.office.com'), pg_temp.connect_on('t2', 'wingtip.webhook.office.com')
    \g /dev/null
INSERT INTO sub SELECT 17, s.app_user, s.subscription_id FROM o365_internal.subscription AS s
    WHERE s.app_user ~ '^t[12]$';
SELECT o365.send(pg_temp.s(u), '{"text": "1"}') FROM unnest('{t1,t2}'::text[]) AS u \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.answer(:w, '{t1,t2}', 'retry', 0) \g /dev/null
SELECT is(pg_temp.state(:wild), 'failing', 'lanes of five do');
UPDATE o365_internal.host SET failing_since = NULL, failing_until = NULL, problem = NULL, probed_at = NULL,
    suspects = NULL WHERE name = :wild;
-- And of those that are left when tenants have gone.
SELECT o365.remove(pg_temp.s(u)) FROM unnest('{t1,t2,c1}'::text[]) AS u \g /dev/null
SELECT pg_temp.answer(:w, '{a1,a2,a3,b1,b2}', 'retry', 0) \g /dev/null
UPDATE o365_internal.host SET suspected_since = now() - interval '3 seconds', suspects = NULL,
    hosts_at = now() - interval '1 minute' WHERE name = :wild;
SELECT pg_temp.answer(:w, '{a1,a2,a3,b1,b2}', 'retry', 0) \g /dev/null
SELECT is((pg_temp.host(:wild)).hosts, '{contoso.webhook.office.com,fabrikam.webhook.office.com}',
    'a far end forgets hosts that no webhook lies on any more, within a minute');
UPDATE o365_internal.host SET suspected_since = now() - interval '3 seconds' WHERE name = :wild;
SELECT pg_temp.answer(:w, '{a1}', 'retry', 0) \g /dev/null
SELECT is(pg_temp.state(:wild), 'failing', 'so that lanes of the two that are left open the breaker');
UPDATE o365_internal.host SET failing_since = NULL, failing_until = NULL, problem = NULL, probed_at = NULL
 WHERE name = :wild;
-- Where all its webhooks are on one host, that is the far end.
UPDATE o365_internal.host SET hosts = '{contoso.webhook.office.com}', recovered_at = NULL, suspects = NULL
 WHERE name = :wild;
SELECT pg_temp.answer(:w, '{a1,a2,a3,a4,a5}', 'retry', 502) \g /dev/null
UPDATE o365_internal.host SET suspected_since = now() - interval '3 seconds' WHERE name = :wild;
SELECT pg_temp.answer(:w, '{a5}', 'retry', 502) \g /dev/null
SELECT is(pg_temp.state(:wild), 'failing', 'five lanes of the only tenant open the breaker');
UPDATE o365_internal.host SET failing_since = NULL, failing_until = NULL, suspects = NULL, problem = NULL,
    probed_at = NULL WHERE name = :wild;
SELECT pg_temp.connect_on('d1', 'adatum.webhook.office.com') \g /dev/null
SELECT is((pg_temp.host(:wild)).hosts, '{contoso.webhook.office.com,adatum.webhook.office.com}',
    'a second tenant is noticed when it connects');
SELECT pg_temp.answer(:w, '{b1}', 'retry', 502) \g /dev/null
SELECT is((pg_temp.host(:wild)).hosts[3], 'fabrikam.webhook.office.com', 'or when it fails, if somebody had the row');

-- A host that is forbidden.
SELECT throws_ok($$SELECT o365.forbid_webhook_host('one.example')$$,
    '55006', '6 connections on one.example would be suspended at the next card',
    'a host with connections is not forbidden without their number');
SELECT throws_ok($$SELECT o365.forbid_webhook_host('one.example', suspends => 5)$$, '55006', NULL,
    'nor with a smaller one');
SELECT is((SELECT count(*) FROM o365.webhook_hosts AS h WHERE h.host = 'one.example'), 1::bigint,
    'and nothing has changed');
SELECT is(o365.forbid_webhook_host('one.example', suspends => 6), true, 'with it, it is');
SELECT is((SELECT e.detail FROM o365.events AS e WHERE e.kind = 'host_forbidden' AND e.object = 'one.example'), '6',
    'and the event says how many');
SELECT is(o365.forbid_webhook_host('one.example'), false, 'twice is not an error');
SELECT o365.allow_webhook_host('connector', '*.contoso.webhook.office.com'), o365.allow_webhook_host('connector',
    'litware.webhook.office.com') \g /dev/null
SELECT is(o365.forbid_webhook_host('litware.webhook.office.com'), true,
    'connections that another entry covers do not count');

-- Turns.
UPDATE o365_internal.lane SET next_at = NULL, not_before = NULL, why = NULL, worker = NULL;
UPDATE o365_internal.host SET suspects = NULL, recovered_at = NULL;
DELETE FROM o365_internal.outbox;
SELECT o365.register_connector('news', 'News', pg_temp.logo(), 's', 'l', 'https://contoso.example', '{one}'),
       o365.grant_application('postgres', 'news') \g /dev/null
INSERT INTO o365_internal.subscription (connector_id, app_user, dialect, webhook_host, webhook_index, status)
    SELECT (SELECT c.connector_id FROM o365_internal.connector AS c WHERE c.slug = 'news'), 'n' || i, 'connector',
           'contoso.webhook.office.com', sha256(convert_to('n' || i, 'UTF8')), 'active'
      FROM generate_series(1, 300) AS i;
SELECT count(o365_internal.make_lane(s.subscription_id, s.connector_id, s.webhook_host, s.webhook_index, false,
                                     'immediate'))
  FROM o365_internal.subscription AS s WHERE s.app_user ~ '^n\d' \g /dev/null
INSERT INTO sub SELECT 1000, s.app_user, s.subscription_id FROM o365_internal.subscription AS s
    WHERE s.app_user ~ '^n\d';
CREATE FUNCTION pg_temp.turns(who text) RETURNS smallint[] LANGUAGE sql AS $$
    SELECT array_agg(DISTINCT l.turn) FROM o365_internal.lane AS l JOIN sub ON sub.s = l.subscription_id
     WHERE sub.who ~ turns.who AND l.next_at IS NOT NULL $$;
SELECT o365.send_many(ARRAY(SELECT s FROM sub WHERE who ~ '^n\d+$'),
    ARRAY(SELECT '{"text": "news"}'::jsonb FROM generate_series(1, 300))) \g /dev/null
SELECT o365.send(pg_temp.s('a1'), '{"text": "ticket"}'), o365.send(pg_temp.s('c1'), '{"text": "ticket"}') \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT ok(0 <> ALL (pg_temp.turns('^n\d')), 'lanes that get cards of one broadcast have a turn of their own');
SELECT is(pg_temp.turns('^[ac]1$'), '{0}', 'and what was sent beside it has the first');
SELECT ok('{a1,c1}'::text[] <@ pg_temp.claimed(:w, 10),
    'so a claim of ten takes them, behind 300 that were due before');
SELECT pg_temp.give_back(:w) \g /dev/null
SELECT results_eq(format($$SELECT count(*) FILTER (WHERE sub.who ~ '^n\d'), count(*) FILTER (WHERE sub.who ~ '^[ac]')
    FROM o365_programs.worker_lease(%s, '-infinity', 4) AS l
    JOIN sub ON sub.s = l.subscription_id$$, :w), 'VALUES (2::bigint, 2::bigint)', 'alternately');
SELECT pg_temp.give_back(:w) \g /dev/null
-- The next scan begins with what was left behind.
SELECT ok(max(l.was_due) <= (SELECT min(la.next_at) FROM o365_internal.lane AS la JOIN sub ON sub.s = la.subscription_id
    WHERE sub.who ~ '^n\d' AND la.worker IS NULL),
    'what was left behind is not past the bound of the next scan')
    FROM o365_programs.worker_lease(:w, '-infinity', 50) AS l;
SELECT pg_temp.give_back(:w) \g /dev/null
-- A burst of statements with a card each: once many of the connector's lanes are due and a claim left some behind.
UPDATE o365_internal.lane SET next_at = NULL, turn = 0, worker = NULL;
DELETE FROM o365_internal.outbox;
UPDATE o365_internal.lane AS l SET next_at = now() - interval '1 second' FROM sub WHERE sub.s = l.subscription_id
   AND sub.who ~ '^n[12]\d\d$';
UPDATE o365_internal.busy_connector SET until = '-infinity';
SELECT pg_temp.claimed(:w, 20), pg_temp.give_back(:w) \g /dev/null
SELECT is((SELECT array_agg(c.slug) FROM o365_internal.busy_connector AS b JOIN o365_internal.connector AS c USING (
    connector_id)), '{news}', 'a claim that is full finds whose lanes are so many');
SELECT o365.send(pg_temp.s('n1'), '{"text": "news"}') \g /dev/null
SELECT o365.send(pg_temp.s('a1'), '{"text": "ticket"}') \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT ok(0 <> ALL (pg_temp.turns('^n1$')), 'what arrives for it meanwhile does not get the first turn');
SELECT is(pg_temp.turns('^a1$'), '{0}', 'what arrives for others does');
UPDATE o365_internal.busy_connector SET until = now() - interval '1 minute' WHERE connector_id > 0;
UPDATE o365_internal.busy_connector SET until = '-infinity' WHERE connector_id = 0;
UPDATE o365_internal.lane AS l SET next_at = NULL FROM sub WHERE sub.s = l.subscription_id AND sub.who ~ '^n[12]\d\d$';
SELECT pg_temp.claimed(:w, 1), pg_temp.give_back(:w) \g /dev/null
SELECT is((SELECT count(*) FROM o365_internal.busy_connector WHERE connector_id > 0), 0::bigint,
    'and it is forgotten afterwards');
SELECT o365.send(pg_temp.s('n2'), '{"text": "news"}') \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.turns('^n2$'), '{0}', 'then it is like the others');
-- Far ends take turns as well.
UPDATE o365_internal.lane SET next_at = NULL, turn = 0, worker = NULL;
SELECT o365.allow_webhook_host('connector', 'one.example') \g /dev/null
UPDATE o365_internal.lane AS l SET next_at = now() - interval '1 hour' FROM sub WHERE sub.s = l.subscription_id
   AND sub.who ~ '^n\d';
UPDATE o365_internal.lane AS l SET next_at = now() FROM sub WHERE sub.s = l.subscription_id AND sub.who = 'o1';
SELECT ok('o1' = ANY (pg_temp.claimed(:w, 4)), 'a far end with one due lane has its turn beside one with 300');

-- The allow-list changes, and lanes stay where they were: a hold takes what belongs to its entry by now.
UPDATE o365_internal.lane SET next_at = NULL, turn = 0, worker = NULL;
UPDATE o365_internal.lane AS l SET next_at = now() FROM sub WHERE sub.s = l.subscription_id
   AND sub.who = ANY ('{a1,b1,o1}');
CREATE FUNCTION pg_temp.far_ends() RETURNS text[] LANGUAGE sql AS $$
    SELECT array_agg((SELECT h.name FROM o365_internal.host AS h WHERE h.host_id = (pg_temp.lane(u.who)).host_id)
                     ORDER BY u.who) FROM unnest('{a1,b1,o1}'::text[]) AS u (who) $$;
SELECT is(pg_temp.far_ends(), '{*.webhook.office.com,*.webhook.office.com,one.example}', 'two lanes of one entry');
SELECT o365.forbid_webhook_host('*.webhook.office.com', suspends => 1000) \g /dev/null
SELECT o365.hold_host('contoso.webhook.office.com') \g /dev/null
SELECT is(pg_temp.far_ends(), '{contoso.webhook.office.com,*.webhook.office.com,one.example}',
    'a host that has an entry of its own by now is held with the connections there');
SELECT is(pg_temp.claimed(:w), '{b1,o1}', 'and with no others');
SELECT pg_temp.give_back(:w), o365.allow_webhook_host('connector', '*.webhook.office.com') \g /dev/null
SELECT is(o365.release_host('contoso.webhook.office.com'), 'open', 'what is held is released under its name');
SELECT throws_ok($$SELECT o365.hold_host('contoso.webhook.office.com')$$, '42704', NULL,
    'an entry that lies below another one is not held');
SELECT o365.hold_host('*.webhook.office.com') \g /dev/null
SELECT is(pg_temp.far_ends(), '{*.webhook.office.com,*.webhook.office.com,one.example}',
    'a wider entry takes over what was connected under a narrower one');
UPDATE o365_internal.lane AS l SET next_at = now() FROM sub WHERE sub.s = l.subscription_id
   AND sub.who = ANY ('{a1,b1,o1}');
SELECT is(pg_temp.claimed(:w), '{o1}', 'and holds it');
SELECT * FROM finish();
