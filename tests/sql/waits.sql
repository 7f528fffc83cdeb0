-- What a lane waits for stands in not_before and why, and nowhere else; its far end and its POSTs are counted. Commits,
-- because a round of arrivals sees only what is committed.
\ir fixtures/setup.sql
SELECT no_plan();
SELECT pg_temp.connect('ann') AS ann, pg_temp.connect('bob') AS bob, pg_temp.connect('carl') AS carl \gset
SELECT (o365_programs.worker_start('w', 'test', 'production') ->> 'worker')::integer AS w \gset
CREATE FUNCTION pg_temp.send(s bigint, n integer DEFAULT 1) RETURNS void LANGUAGE sql AS $$
    SELECT o365.send(s, format('{"text": "%s"}', i)::jsonb) FROM generate_series(1, n) AS i $$;
SELECT o365.grant_application('postgres', 'desk') \g /dev/null
-- Claims a lane whose time is taken as come; then reports its cards one after the other, the last with its release.
CREATE FUNCTION pg_temp.deliver(w integer, s bigint, outcomes text[], retry_after integer DEFAULT NULL) RETURNS text[]
    LANGUAGE plpgsql AS $$
DECLARE
    v_claim record;
    v_n integer := cardinality(outcomes);
BEGIN
    UPDATE o365_internal.lane AS l SET next_at = clock_timestamp() WHERE l.subscription_id = s
       AND l.next_at IS NOT NULL;
    SELECT array_agg(c.subscription_id) AS s, array_agg(c.lease_no) AS l, array_agg(c.position) AS p,
           array_agg(c.card) AS cards INTO v_claim
      FROM (SELECT * FROM pg_temp.claim(w, '-infinity', 100, v_n)) AS c WHERE c.subscription_id = s
       AND c.position IS NOT NULL;
    PERFORM o365_programs.worker_report(w, v_claim.s, v_claim.l, v_claim.p, outcomes,
        array_fill(NULL::integer, ARRAY[v_n]), array_fill(200, ARRAY[v_n]), array_fill(retry_after, ARRAY[v_n]),
        ARRAY(SELECT CASE WHEN o NOT IN ('held', 'cannot_open', 'cancelled') THEN 1 END FROM unnest(outcomes) AS o),
        array_fill('busy'::text, ARRAY[v_n]), v_claim.s[1:1], v_claim.l[1:1], '{t}', NULL);
    RETURN v_claim.cards;
END $$;

-- A lane that waits for a time, without a card: what arrives wakes it then, whatever it waits for.
UPDATE o365_internal.lane SET not_before = now() + interval '1 hour', why = 'quota' WHERE subscription_id = :ann;
SELECT pg_temp.send(:ann, 2) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT ok((pg_temp.lane(:ann)).next_at = (pg_temp.lane(:ann)).not_before,
    'a card that arrives at a lane that waits makes it due when the wait ends');
SELECT is_empty(format($$SELECT * FROM pg_temp.claim(%s, '-infinity', 10, 2)$$, :w), 'and not before');
SELECT results_eq(format(
    'SELECT q.why, q.until = q.next_at, q.next_at > now() FROM o365.queue AS q WHERE q.subscription_id = %s', :ann),
    $$VALUES ('quota', true, true)$$, 'the queue says what for and until when');
SELECT o365_internal.wake(:ann) \g /dev/null
SELECT results_eq(format('SELECT l.why, l.not_before, l.next_at <= clock_timestamp() FROM pg_temp.lane(%s) AS l', :ann),
    'VALUES (NULL::text, NULL::timestamptz, true)', 'waking ends every wait');

-- Retries.
SELECT pg_temp.deliver(:w, :ann, '{retry}') \g /dev/null
SELECT ok(l.why = 'retry' AND l.not_before = l.next_at AND l.next_at > clock_timestamp(),
    'after a failure it waits for the next try') FROM pg_temp.lane(:ann) AS l;
SELECT results_eq(format('SELECT q.why, q.until = q.next_at FROM o365.queue AS q WHERE q.subscription_id = %s', :ann),
    $$VALUES ('retry', true)$$, 'and the queue says so');
SELECT pg_temp.send(:ann) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT ok(l.not_before = l.next_at AND l.next_at > clock_timestamp(), 'another card changes nothing')
  FROM pg_temp.lane(:ann) AS l;
SELECT pg_temp.deliver(:w, :ann, '{throttled}', 600) \g /dev/null
SELECT ok(l.why = 'retry' AND l.not_before > clock_timestamp() + interval '9 minutes' AND l.not_before = l.next_at,
    'a throttle is such a wait too') FROM pg_temp.lane(:ann) AS l;
-- Claimed before its time, for nobody but a test card makes that so, and given back untouched.
UPDATE o365_internal.lane SET next_at = clock_timestamp() WHERE subscription_id = :ann;
SELECT c.lease_no AS l FROM pg_temp.claim(:w, '-infinity', 10, 1) AS c WHERE c.subscription_id = :ann \gset
SELECT o365_programs.worker_report(:w, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', ARRAY[:ann]::bigint[],
    ARRAY[:l]::bigint[], '{t}', NULL) \g /dev/null
SELECT ok(l.why = 'retry' AND l.not_before = l.next_at AND l.next_at > clock_timestamp(),
    'given back untouched it goes on to wait') FROM pg_temp.lane(:ann) AS l;
SELECT pg_temp.deliver(:w, :ann, '{delivered}') \g /dev/null
SELECT ok(l.why IS NULL AND l.not_before IS NULL AND l.next_at <= clock_timestamp(),
    'a card that arrives ends the wait, and the next one is due') FROM pg_temp.lane(:ann) AS l;
SELECT pg_temp.deliver(:w, :ann, '{held}', 7) \g /dev/null
SELECT ok(l.why = 'host' AND l.not_before = l.next_at AND l.next_at > clock_timestamp(),
    'what the far end or a proxy stands against is a wait for the host') FROM pg_temp.lane(:ann) AS l;
SELECT pg_temp.deliver(:w, :ann, '{cannot_open}') \g /dev/null
SELECT ok(l.why = 'retry' AND l.not_before = l.next_at AND l.failures = 0, 'a key that is missing one for another try')
  FROM pg_temp.lane(:ann) AS l;

-- Pauses.
SELECT o365.pause(:ann, until => now() + interval '1 day') \g /dev/null
SELECT ok(l.why = 'pause' AND l.not_before = 'infinity' AND l.next_at IS NULL,
    'a pause takes the place of any other wait') FROM pg_temp.lane(:ann) AS l;
SELECT ok(q.why = 'pause' AND q.until BETWEEN now() + interval '23 hours' AND now() + interval '1 day'
    AND q.next_at IS NULL, 'the queue says until when')
  FROM o365.queue AS q WHERE q.subscription_id = :ann;
SELECT pg_temp.send(:ann) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is((pg_temp.lane(:ann)).next_at, NULL, 'what arrives meanwhile has no time');
SELECT o365.send_test(:ann) \g /dev/null
SELECT matches((pg_temp.deliver(:w, :ann, '{delivered}'))[1], 'A test of the connection', 'a test card leaves');
SELECT ok(l.why = 'pause' AND l.not_before = 'infinity' AND l.next_at IS NULL, 'and the pause stands')
  FROM pg_temp.lane(:ann) AS l;
SELECT o365.resume(:ann) \g /dev/null
SELECT ok(l.why IS NULL AND l.not_before IS NULL AND l.next_at <= now(), 'until it is resumed')
  FROM pg_temp.lane(:ann) AS l;
-- Paused while a worker posts.
SELECT c.lease_no AS l, c.position AS p FROM pg_temp.claim(:w, '-infinity', 10, 1) AS c
 WHERE c.subscription_id = :ann \gset
SELECT o365.pause(:ann) \g /dev/null
SELECT is((SELECT r.may_send FROM o365_programs.worker_recheck(ARRAY[:ann]::bigint[], ARRAY[:l]::bigint[], '{1}') AS r),
    false, 'a worker that has the lane stops');
SELECT o365_programs.worker_report(:w, ARRAY[:ann]::bigint[], ARRAY[:l]::bigint[], ARRAY[:p]::bigint[], '{delivered}',
    '{100}', '{200}', '{NULL}', '{1}', '{NULL}', ARRAY[:ann]::bigint[], ARRAY[:l]::bigint[], '{t}', '{1}') \g /dev/null
SELECT ok(l.why = 'pause' AND l.not_before = 'infinity' AND l.next_at IS NULL, 'what was in flight ends no pause')
  FROM pg_temp.lane(:ann) AS l;
SELECT o365.resume(:ann) \g /dev/null
SELECT throws_ok(format('UPDATE o365_internal.lane SET why = %L WHERE subscription_id = %s', w, :ann), '23514', NULL,
    format('why is never %s', coalesce(w, 'null with a time')))
  FROM unnest('{paused,retry}'::text[]) AS w;

-- The POSTs of a lane are numbered, in whichever table they stand.
SELECT pg_temp.send(:bob, 4) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.deliver(:w, :bob, '{delivered,delivered,retry}'), pg_temp.deliver(:w, :bob, '{throttled}'),
       pg_temp.deliver(:w, :bob, '{cannot_open}'), o365.send_test(:bob) \g /dev/null
SELECT pg_temp.deliver(:w, :bob, '{delivered}'), pg_temp.deliver(:w, :bob, '{delivered,dead}') \g /dev/null
SELECT results_eq(
    format('SELECT p.post_no, p.outcome FROM o365.posts AS p WHERE p.subscription_id = %s ORDER BY p.post_no', :bob),
    $$VALUES (1::bigint, 'delivered'), (2, 'delivered'), (3, 'retry'), (4, 'throttled'), (5, 'delivered'),
        (6, 'delivered'), (7, 'dead')$$, 'from 1, without a gap');
SELECT is((pg_temp.lane(:bob)).posts, 7::bigint, 'the lane knows how many there were');
SELECT results_eq(
    format('SELECT d.attempts FROM o365.deliveries AS d WHERE d.subscription_id = %s ORDER BY d.at, d.card_id', :bob),
    'VALUES (1::bigint), (1), (1), (3), (1)',
    'an end says how many POSTs the card took, the test card that came between apart');
SELECT results_eq(format('SELECT d.attempts::bigint FROM o365_internal.delivery AS d WHERE d.subscription_id = %s '
                         'ORDER BY d.at, d.card_id', :bob), 'VALUES (1::bigint), (1), (1), (3), (1)',
    'and it stands in its row');
SELECT is_empty($$SELECT x.* FROM (SELECT d.subscription_id, d.connector_id FROM o365_internal.delivery AS d
    UNION ALL SELECT a.subscription_id, a.connector_id FROM o365_internal.attempt AS a) AS x
    JOIN o365_internal.subscription AS s USING (subscription_id) WHERE x.connector_id IS DISTINCT FROM s.connector_id$$,
    'each row names its connector');
-- Ends that are no answer: a card that is given up, and one that is cancelled.
SELECT pg_temp.send(:bob, 2) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.deliver(:w, :bob, '{retry}') \g /dev/null
UPDATE o365_internal.lane SET failing_since = now() - interval '25 hours' WHERE subscription_id = :bob;
SELECT pg_temp.deliver(:w, :bob, '{retry}'), o365.remove(:bob), pg_temp.deliver(:w, :bob, '{cancelled}') \g /dev/null
SELECT results_eq(format($$SELECT d.outcome, d.attempts, d.post_no FROM o365_internal.delivery AS d
    WHERE d.subscription_id = %s AND d.outcome IN ('dead', 'cancelled')
    AND d.post_no IS NULL ORDER BY d.at$$, :bob), $$VALUES ('dead', 2, NULL::bigint), ('cancelled', 0, NULL)$$,
    'ends without a POST have no number');
SELECT is((pg_temp.lane(:bob)).posts, 9::bigint, 'the POSTs before them have');
-- Rows of an older version of the schema.
UPDATE o365_internal.delivery SET attempts = NULL, connector_id = NULL, post_no = NULL WHERE subscription_id = :bob;
UPDATE o365_internal.attempt SET connector_id = NULL, post_no = NULL WHERE subscription_id = :bob;
SELECT results_eq(
    format('SELECT d.attempts FROM o365.deliveries AS d WHERE d.subscription_id = %s ORDER BY d.at, d.card_id', :bob),
    'VALUES (1::bigint), (1), (1), (3), (1), (2), (0)', 'history of before is counted when somebody asks');
SET SESSION AUTHORIZATION shop;
SELECT is((SELECT count(*) FROM o365.posts AS p WHERE p.subscription_id = :bob AND p.post_no IS NULL), 9::bigint,
    'and seen by whose it is');
SET SESSION AUTHORIZATION stranger;
SELECT is((SELECT count(*) FROM o365.posts AS p WHERE p.subscription_id = :bob), 0::bigint, 'and by nobody else');
RESET SESSION AUTHORIZATION;

-- Far ends: one for each entry of the allow-list, not for each host.
SELECT o365.allow_webhook_host('connector', 'one.example'), pg_temp.begin('s1', 'c', 'dora'),
       pg_temp.begin('s2', 'c', 'eve'), pg_temp.begin('s3', 'c', 'fay') \g /dev/null
SELECT pg_temp.callback('s1', 'c', 'r-000000000001', 'https://contoso.webhook.office.com/webhookb2/dora'),
       pg_temp.callback('s2', 'c', 'r-000000000002', 'https://fabrikam.webhook.office.com/webhookb2/eve',
           'fabrikam.webhook.office.com'),
       pg_temp.callback('s3', 'c', 'r-000000000003', 'https://one.example/webhookb2/fay', 'one.example') \g /dev/null
CREATE FUNCTION pg_temp.far_end(who text) RETURNS text LANGUAGE sql AS $$
    SELECT h.name FROM o365_internal.host AS h JOIN o365_internal.lane AS l USING (host_id)
      JOIN o365_internal.subscription AS s USING (subscription_id)
     WHERE s.app_user = who $$;
SELECT results_eq($$SELECT u, pg_temp.far_end(u) FROM unnest('{dora,eve,fay}'::text[]) AS u$$,
    $$VALUES ('dora', '*.webhook.office.com'), ('eve', '*.webhook.office.com'), ('fay', 'one.example')$$,
    'tenants'' hosts below an entry are one far end');
SELECT is((SELECT count(*) FROM o365_internal.host), 3::bigint,
    'one row each, and the one of hosts that no entry covers');
SELECT s.subscription_id AS fay FROM o365_internal.subscription AS s WHERE s.app_user = 'fay' \gset
CREATE FUNCTION pg_temp.renew(s bigint, state text, webhook text, host text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_temp.begin(state, 'c',
        (SELECT x.app_user FROM o365_internal.subscription AS x WHERE x.subscription_id = s));
    UPDATE o365_internal.connect_attempt SET renews = s WHERE state_hash = sha256(state::bytea);
    RETURN pg_temp.callback(state, 'c', 'r-' || left(md5(state), 12), webhook, host) ->> 'outcome';
END $$;
SELECT is(pg_temp.renew(:fay, 's4', 'https://fabrikam.webhook.office.com/webhookb2/fay', 'fabrikam.webhook.office.com'),
    'connected', 'a webhook is replaced by one elsewhere');
SELECT is(pg_temp.far_end('fay'), '*.webhook.office.com', 'and its lane moves');
SELECT o365.forbid_webhook_host('one.example'), o365.allow_webhook_host('connector', 'one.example') \g /dev/null
SELECT is(pg_temp.renew(:fay, 's5', 'https://one.example/webhookb2/fay', 'one.example'), 'connected', 'and back');
SELECT results_eq($$SELECT pg_temp.far_end('fay'), count(*) FROM o365_internal.host$$,
    $$VALUES ('one.example', 3::bigint)$$, 'to the row that it had');

-- A far end that is held: nothing is claimed for it, and for the others all is as before.
SELECT s.subscription_id AS dora FROM o365_internal.subscription AS s WHERE s.app_user = 'dora' \gset
DELETE FROM o365_internal.outbox;
UPDATE o365_internal.lane SET next_at = NULL, worker = NULL, lease_until = NULL;
SELECT pg_temp.send(:dora), pg_temp.send(:fay) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SET SESSION AUTHORIZATION keeper;
SELECT is(o365.hold_host('*.Webhook.office.com', 'outage', now() + interval '1 hour'), 'held', 'a far end is held');
SELECT matches((SELECT q.reason FROM o365.queue AS q WHERE q.subscription_id = :dora),
    '^host \*\.webhook\.office\.com is held by keeper since [0-9: -]+ until [0-9: -]+: outage$',
    'the queue says by whom, until when and why');
SELECT ok(q.why = 'host' AND q.until = q.next_at AND q.until = h.held_until AND h.held_by = 'keeper'
    AND h.held_reason = 'outage', 'in columns too')
  FROM o365.queue AS q, o365.webhook_hosts AS h WHERE q.subscription_id = :dora AND h.host = '*.webhook.office.com';
SELECT results_eq($$SELECT h.object, h.next_step, h.count FROM o365.health() AS h WHERE h.code = 'hosts_held'$$,
    $$VALUES ('host *.webhook.office.com',
        'When cards may leave again: select o365.release_host(''*.webhook.office.com'')', 1::bigint)$$,
    'and health that it is');
SELECT results_eq($$SELECT e.kind, e.object, e.role, e.reason, e.detail IS NOT NULL FROM o365.events AS e
    WHERE e.kind ~ '^host_(held|rel)'$$, $$VALUES ('host_held', '*.webhook.office.com', 'keeper', 'outage', true)$$,
    'there is an event');
RESET SESSION AUTHORIZATION;
SELECT is(o365_programs.worker_outlook() - 'next_at',
    '{"due": 1, "waiting": 0, "paused": 1, "suspended": 0, "failing": 0, "unfed": false}',
    '--once does not wait for it');
SELECT is(ARRAY(SELECT c.subscription_id FROM pg_temp.claim(:w, '-infinity', 10, 1) AS c), ARRAY[:fay]::bigint[],
    'a claim takes the others');
SELECT o365.release_host('*.webhook.office.com') \g /dev/null
SELECT c.lease_no AS l FROM pg_temp.claim(:w, '-infinity', 10, 1) AS c WHERE c.subscription_id = :dora \gset
SELECT is((SELECT r.may_send FROM o365_programs.worker_recheck(ARRAY[:dora]::bigint[], ARRAY[:l]::bigint[],
    '{1}') AS r), true, 'released it is claimed');
SELECT o365.hold_host('*.webhook.office.com') \g /dev/null
SELECT is((SELECT r.may_send FROM o365_programs.worker_recheck(ARRAY[:dora]::bigint[], ARRAY[:l]::bigint[],
    '{1}') AS r), false, 'held again, a worker that has the lane stops');
SELECT results_eq(format('SELECT q.why, q.until, q.next_at FROM o365.queue AS q WHERE q.subscription_id = %s', :dora),
    $$VALUES ('host', NULL::timestamptz, NULL::timestamptz)$$, 'a hold without an end says none');
SELECT is(o365.release_host('*.webhook.office.com', 'over'), 'open', 'and is released');
SELECT is(o365.release_host('*.webhook.office.com'), 'open', 'twice');
SELECT is((SELECT count(*) FROM o365.events AS e WHERE e.kind = 'host_released'), 2::bigint, 'which is told once each');
UPDATE o365_internal.host SET held_until = now() - interval '1 second', held_at = now(), held_by = 'keeper'
 WHERE name = '*.webhook.office.com';
SELECT is((SELECT r.may_send FROM o365_programs.worker_recheck(ARRAY[:dora]::bigint[], ARRAY[:l]::bigint[],
    '{1}') AS r), true, 'a hold ends by itself');
SELECT throws_ok(format('SELECT o365.hold_host(%L)', h), '42704', m, format('%s cannot be held', coalesce(h, 'null')))
  FROM (VALUES
    ('contoso.webhook.office.com', 'host contoso.webhook.office.com is a part of the far end *.webhook.office.com'),
    ('nowhere.example', 'host ''nowhere.example'' is no entry of the allow-list'),
    ('*.example', 'host ''*.example'' is no entry of the allow-list'),
    (NULL, 'host NULL is no entry of the allow-list')) AS v (h, m);
SELECT throws_ok($$SELECT o365.hold_host('one.example', until => now() - interval '1 day')$$, '22023', NULL,
    'nor until yesterday');
SELECT * FROM finish();
