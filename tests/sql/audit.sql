-- o365.audit(): a clean history has no fault, and each fault that is planted is found.
\ir fixtures/setup.sql
\ir fixtures/claim.sql
BEGIN;
-- Numbers of tests that are rolled back are not: the plan says how many there are.
SELECT plan(59);
UPDATE o365_internal.migration SET applied_at = now() - interval '1 day' WHERE number = 38;
SELECT pg_temp.connect('ann') AS ann, pg_temp.connect('bob') AS bob, pg_temp.connect('eve') AS eve \gset
SELECT (o365_programs.worker_start('w1', 'test', 'production') ->> 'worker')::integer AS w1 \gset
-- What parts of the schema say about limits stands in a table that these tests fill themselves.
CREATE FUNCTION pg_temp.verdicts() RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(format('%s %s: %s', a.rule, a."count", array_to_string(a.examples, '; ')),
        E'\n' ORDER BY a.rule), 'clean')
      FROM o365.audit(now() - interval '3 hours') AS a WHERE a.verdict = 'broken' $$;
SELECT is((SELECT string_agg(a.rule || ' ' || a.verdict, ', ') FROM o365.audit(now() - interval '1 hour') AS a),
    'ends nothing to check, counts nothing to check, post_numbers nothing to check, windows nothing to check, '
    'order nothing to check, pauses nothing to check, numbers_without_card note',
    'of nothing it says that there is nothing to check');
-- Says that the limits were set so long ago.
CREATE FUNCTION pg_temp.was_set(t interval) RETURNS void LANGUAGE sql AS $$
    UPDATE o365_internal.event AS e SET at = now() - t + (e.at - now())
     WHERE e.kind IN ('setting_changed', 'changed') AND e.at > now() - interval '1 minute' $$;
SELECT throws_ok('SELECT * FROM o365.audit(now(), now() - interval ''1 hour'')', '22023', NULL,
    'the earlier time first');
SELECT throws_ok('SELECT * FROM o365.audit(NULL)', '22023', NULL, 'and it has to be given');

-- Twelve cards of ann in four transactions of three, a minute apart, a second a POST; the sixth took two POSTs. Three
-- of bob.
CREATE FUNCTION pg_temp.put(s bigint, card bigint, no bigint, at timestamptz, sent timestamptz, claimed timestamptz,
    attempts integer DEFAULT 1, event text DEFAULT NULL, unordered boolean DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
    INSERT INTO o365_internal.delivery (at, card_id, subscription_id, connector_id, outcome, enqueued_at, claimed_at,
        lease_no, worker, rule_id, http_status, took_ms, post_no, attempts, event, unordered)
        SELECT put.at, card, s, x.connector_id, 'delivered', sent, claimed, extract(epoch FROM claimed)::bigint, 1, 100,
               200, 1000, no, attempts, event, unordered
          FROM o365_internal.subscription AS x WHERE x.subscription_id = s $$;
SELECT date_trunc('hour', now()) - interval '90 minutes' AS t0 \gset
SELECT pg_temp.put(:ann, i, i + (i > 5)::integer + (i = 6)::integer - (i = 6)::integer,
    :'t0'::timestamptz + make_interval(mins => (i - 1) / 3, secs => 1 + i),
                   :'t0'::timestamptz + make_interval(mins => (i - 1) / 3) - interval '1 second',
                   :'t0'::timestamptz + make_interval(mins => (i - 1) / 3),
                   CASE i WHEN 6 THEN 2 ELSE 1 END)
  FROM generate_series(1, 12) AS i \g /dev/null
INSERT INTO o365_internal.attempt (at, card_id, subscription_id, lease_no, worker, outcome, http_status, took_ms,
    post_no)
    SELECT :'t0'::timestamptz + interval '1 minute 6.5 seconds', 6, :ann,
           extract(epoch FROM :'t0'::timestamptz + interval '1 minute')::bigint, 1, 'retry', 503, 400, 6;
SELECT pg_temp.put(:bob, 20 + i, i, :'t0'::timestamptz + make_interval(secs => i),
    :'t0'::timestamptz - interval '1 second', :'t0'::timestamptz) FROM generate_series(1, 3) AS i \g /dev/null
UPDATE o365_internal.lane SET posts = 13 WHERE subscription_id = :ann;
UPDATE o365_internal.lane SET posts = 3 WHERE subscription_id = :bob;
SELECT setval('o365_internal.card_id', 100) \g /dev/null
INSERT INTO o365_internal.outcome_hour (hour, connector_id, outcome, http_status, rule_id, cards)
    SELECT date_trunc('hour', d.at, 'UTC'), d.connector_id, d.outcome, 200, 100, count(*)
      FROM o365_internal.delivery AS d GROUP BY 1, 2, 3;
UPDATE o365_internal.counted SET until = date_trunc('hour', now()) + interval '1 hour';
SELECT is(pg_temp.verdicts(), 'clean', 'a history without a fault is clean');
SELECT results_eq($$SELECT a.rule, a.verdict, a.checked FROM o365.audit(now() - interval '3 hours') AS a
    WHERE a.rule IN ('ends', 'counts', 'post_numbers', 'order')$$,
    $$VALUES ('ends', 'kept', 15::bigint), ('counts', 'kept', 15), ('post_numbers', 'kept', 16),
        ('order', 'kept', 15)$$, 'and says how much it looked at');
SELECT is((SELECT a."count" FROM o365.audit(now() - interval '3 hours') AS a WHERE a.rule = 'numbers_without_card'),
    8::bigint, 'numbers without a card are told');
SELECT is((SELECT a.verdict FROM o365.audit(now() - interval '3 hours') AS a WHERE a.rule = 'numbers_without_card'),
    'note', 'and are no fault');
SELECT is((SELECT a.checked FROM o365.audit(:'t0'::timestamptz + interval '50 seconds',
    :'t0'::timestamptz + interval '110 seconds') AS a WHERE a.rule = 'post_numbers'), 4::bigint,
    'it looks at the time that it was asked for');

-- Ends.
SAVEPOINT clean;
DELETE FROM o365_internal.delivery WHERE card_id = 8;
SELECT alike(pg_temp.verdicts(), format('%%post_numbers 1: subscription %s has no POST 9%%', :ann),
    'an end that was deleted leaves a gap in the numbers');
SELECT alike(pg_temp.verdicts(), 'counts 1: of the % ends of the hour from % the history has %',
    'and is missed by who counts');
ROLLBACK TO clean;
DELETE FROM o365_internal.delivery WHERE card_id = 12;
SELECT alike(pg_temp.verdicts(), format('%%subscription %s has no POST 13: 13 were reported', :ann),
    'the last one too');
ROLLBACK TO clean;
DELETE FROM o365_internal.delivery WHERE card_id = 6;
SELECT alike(pg_temp.verdicts(), '%ends 1: card 6 was posted at %, has no end and does not wait%',
    'a card that was posted and is nowhere is lost');
ROLLBACK TO clean;
DELETE FROM o365_internal.delivery WHERE card_id = 6;
INSERT INTO o365_internal.outbox (card_id, position, subscription_id, card) VALUES (6, 6, :ann, '{}');
SELECT unalike(pg_temp.verdicts(), '%ends 1%', 'one that waits for its next try is not');
ROLLBACK TO clean;
INSERT INTO o365_internal.event (kind, actor, subscription_id, card_id)
    VALUES ('card_not_delivered', 'worker', :ann, 77);
SELECT is(regexp_replace(pg_temp.verdicts(), '\d{4}-\S+ \S+,', 'T,'),
    'ends 1: the end of card 77 was told at T, and it has none', 'an end that was told and is not there');
ROLLBACK TO clean;
INSERT INTO o365_internal.delivery (at, card_id, subscription_id, outcome, enqueued_at)
    SELECT :'t0'::timestamptz + interval '4 minutes', 3, :ann, 'dead', :'t0';
SELECT alike(pg_temp.verdicts(), '%ends 1: card 3 has 2 ends', 'a card that ended twice');
ROLLBACK TO clean;
INSERT INTO o365_internal.outbox (card_id, position, subscription_id, card) VALUES (3, 3, :ann, '{}');
SELECT is(pg_temp.verdicts(), 'ends 1: card 3 has ended and waits', 'and one that ended and waits');
ROLLBACK TO clean;
DELETE FROM o365_internal.delivery WHERE subscription_id = :ann;
DELETE FROM o365_internal.attempt WHERE subscription_id = :ann;
INSERT INTO o365_internal.event (kind, actor) VALUES ('user_erased', 'operator');
SELECT is(pg_temp.verdicts(), 'clean', 'what was erased on somebody''s wish is missed by nobody');
ROLLBACK TO clean;

-- Numbers.
UPDATE o365_internal.delivery SET post_no = 2 WHERE card_id = 23;
SELECT alike(pg_temp.verdicts(), format('%%post_numbers %%subscription %s has two POSTs 2%%', :bob),
    'a number that two POSTs have');
ROLLBACK TO clean;
UPDATE o365_internal.delivery SET post_no = post_no + 4 WHERE subscription_id = :bob AND card_id = 23;
UPDATE o365_internal.lane SET posts = 7 WHERE subscription_id = :bob;
SELECT is(pg_temp.verdicts(), format('post_numbers 1: subscription %s has no POST 3 to 6', :bob), 'a gap of several');
ROLLBACK TO clean;
UPDATE o365_internal.delivery SET post_no = post_no + 2 WHERE subscription_id = :bob;
UPDATE o365_internal.lane SET posts = 5 WHERE subscription_id = :bob;
SELECT is(pg_temp.verdicts(), 'clean', 'numbers of which the history has no beginning are no gap');
SELECT pg_temp.put(:bob, 19, 1, now() - interval '4 hours', now() - interval '5 hours',
    now() - interval '4 hours') \g /dev/null
SELECT is(pg_temp.verdicts(), format('post_numbers 1: subscription %s has no POST 2', :bob),
    'a gap between what was before and the time that is asked about is one');
ROLLBACK TO clean;

-- Order.
UPDATE o365_internal.delivery AS d SET post_no = o.post_no, at = o.at FROM o365_internal.delivery AS o
 WHERE (d.card_id, o.card_id) IN ((1, 2), (2, 1));
SELECT is(pg_temp.verdicts(), format('order 1: card 1 of subscription %s ended after card 2 of the same transaction',
    :ann), 'cards of a transaction that changed places');
ROLLBACK TO clean;
UPDATE o365_internal.delivery AS d SET post_no = o.post_no, at = o.at FROM o365_internal.delivery AS o
 WHERE (d.card_id, o.card_id) IN ((3, 4), (4, 3));
SELECT is(pg_temp.verdicts(), 'clean', 'of two transactions one may be committed late');
ROLLBACK TO clean;
-- 6 was posted as number 6 and 7; 7 comes between.
UPDATE o365_internal.delivery AS d SET post_no = 15 - d.post_no, at = o.at FROM o365_internal.delivery AS o
 WHERE (d.card_id, o.card_id) IN ((6, 7), (7, 6));
SELECT is(pg_temp.verdicts(), format('order 1: card 7 of subscription %s ended while card 6 was being tried', :ann),
    'a card that was passed while it waited for its next try');
UPDATE o365_internal.delivery SET unordered = true WHERE card_id = 7;
SELECT is(pg_temp.verdicts(), 'clean', 'by an urgent one it may be');
ROLLBACK TO clean;
UPDATE o365_internal.delivery SET unordered = true WHERE card_id = 2;
UPDATE o365_internal.delivery AS d SET post_no = o.post_no, at = o.at FROM o365_internal.delivery AS o
 WHERE (d.card_id, o.card_id) IN ((1, 2), (2, 1));
SELECT is(pg_temp.verdicts(), 'clean', 'nor one that a test card passed');
ROLLBACK TO clean;

-- 6 was set aside.
UPDATE o365_internal.delivery AS d SET post_no = 15 - d.post_no, at = o.at FROM o365_internal.delivery AS o
 WHERE (d.card_id, o.card_id) IN ((6, 7), (7, 6));
UPDATE o365_internal.connector SET when_blocked = 'pass';
SELECT alike(pg_temp.verdicts(), 'order 1: card 7 %', 'what a connector says now excuses nothing that was before');
UPDATE o365_internal.delivery SET was_aside = true WHERE card_id = 6;
UPDATE o365_internal.connector SET when_blocked = 'wait';
SELECT is(pg_temp.verdicts(), 'clean', 'what was set aside is excused, whatever it says now');
UPDATE o365_internal.delivery SET was_aside = NULL WHERE card_id = 6;
UPDATE o365_internal.connector SET when_blocked = 'pass';
UPDATE o365_internal.migration SET applied_at = now() WHERE number = 38;
SELECT is(pg_temp.verdicts(), 'clean', 'of older ends only the connector tells');
ROLLBACK TO clean;

-- Pauses.
INSERT INTO o365_internal.event (at, kind, actor, subscription_id)
    SELECT :'t0'::timestamptz + interval '65 seconds', 'paused', 'operator', :ann;
SELECT alike(pg_temp.verdicts(), format('pauses 6: POST 8 of subscription %s (card 7) began after it was stopped at %%',
    :ann), 'POSTs after a pause');
SELECT unalike(pg_temp.verdicts(), '%card 6)%', 'what was under way, or within two seconds of it, is none');
INSERT INTO o365_internal.event (at, kind, actor, subscription_id)
    SELECT :'t0'::timestamptz + interval '110 seconds', 'resumed', 'operator', :ann;
SELECT is(pg_temp.verdicts(), 'clean', 'nor is what was posted after it was over');
ROLLBACK TO clean;
UPDATE o365_internal.subscription SET status = 'paused', status_at = now() - interval '4 hours'
 WHERE subscription_id = :bob;
SELECT alike(pg_temp.verdicts(), 'pauses 3: POST 1 of %',
    'POSTs in a pause that began before the time that is asked about');
INSERT INTO o365_internal.event (at, kind, actor, subscription_id, detail) SELECT :'t0', 'tested', 'operator', :bob,
    i::text FROM generate_series(21, 23) AS i;
SELECT is(pg_temp.verdicts(), 'clean', 'test cards go all the same');
ROLLBACK TO clean;
INSERT INTO o365_internal.event (at, kind, actor, subscription_id) SELECT :'t0'::timestamptz + interval '100 seconds',
    'removed', 'user', :ann;
SELECT alike(pg_temp.verdicts(), 'pauses 6: %', 'POSTs after a removal');
ROLLBACK TO clean;
INSERT INTO o365_internal.event (at, kind, actor, object, detail)
    SELECT :'t0'::timestamptz + interval '100 seconds', 'host_held', 'operator', h.name, NULL
      FROM o365_internal.host AS h
      JOIN o365_internal.lane AS l ON l.host_id = h.host_id WHERE l.subscription_id = :ann;
SELECT alike(pg_temp.verdicts(), 'pauses 6: %', 'POSTs to a far end that is held');
UPDATE o365_internal.lane SET webhook_after = 13 WHERE subscription_id = :ann;
SELECT is(pg_temp.verdicts(), 'clean', 'those to a webhook that was renewed since may have gone elsewhere');
UPDATE o365_internal.lane SET webhook_after = 0 WHERE subscription_id = :ann;
UPDATE o365_internal.event SET detail = to_char((:'t0'::timestamptz + interval '110 seconds') AT TIME ZONE 'UTC',
    'YYYY-MM-DD"T"HH24:MI:SS"Z"') WHERE kind = 'host_held';
SELECT is(pg_temp.verdicts(), 'clean', 'not after the hold has ended');
ROLLBACK TO clean;

-- What is no end of a pause, and what began before the time that is asked about.
INSERT INTO o365_internal.event (at, kind, actor, subscription_id)
    SELECT :'t0'::timestamptz + make_interval(secs => v.s), v.kind, 'user', :ann
      FROM (VALUES (65, 'paused'), (66, 'renewed'), (67, 'proved'), (68, 'connected')) AS v (s, kind);
SELECT alike(pg_temp.verdicts(), 'pauses 6: POST 8 of %', 'a paused connection stays paused when it is renewed');
INSERT INTO o365_internal.event (at, kind, actor, subscription_id)
    SELECT :'t0'::timestamptz + interval '69 s', 'suspended', 'operator', :ann;
SELECT is(pg_temp.verdicts(), 'clean', 'resumed, one that awaits its proof is suspended');
ROLLBACK TO clean;
INSERT INTO o365_internal.event (at, kind, actor, subscription_id)
    SELECT now() - interval '4 hours', 'paused', 'user', :bob;
INSERT INTO o365_internal.event (at, kind, actor, subscription_id)
    SELECT :'t0'::timestamptz + interval '1 minute', 'resumed', 'user', :bob;
SELECT alike(pg_temp.verdicts(), 'pauses 3: POST 1 of %', 'a pause from before until within that time');
UPDATE o365_internal.event SET kind = 'resumed' WHERE kind = 'paused' AND subscription_id = :bob;
SELECT is(pg_temp.verdicts(), 'clean', 'which was none when it had ended');
ROLLBACK TO clean;
UPDATE o365_internal.subscription SET status = 'paused', status_at = now() - interval '1 minute'
 WHERE subscription_id = :bob;
SELECT alike(pg_temp.verdicts(), 'pauses 3: %', 'whatever a worker noted about the webhook meanwhile');
ROLLBACK TO clean;
INSERT INTO o365_internal.event (at, kind, actor, object, detail)
    SELECT now() - interval '4 hours', 'host_held', 'operator', h.name, NULL
      FROM o365_internal.host AS h
      JOIN o365_internal.lane AS l ON l.host_id = h.host_id WHERE l.subscription_id = :ann;
SELECT alike(pg_temp.verdicts(), 'pauses 16: %', 'a hold from before that goes on');
INSERT INTO o365_internal.event (at, kind, actor, object)
    SELECT :'t0'::timestamptz + interval '100 seconds', 'host_released', 'operator', e.object
      FROM o365_internal.event AS e WHERE e.kind = 'host_held';
SELECT alike(pg_temp.verdicts(), 'pauses 10: %', 'or until it was released');
UPDATE o365_internal.event SET detail = to_char((:'t0'::timestamptz - interval '1 hour') AT TIME ZONE 'UTC',
    'YYYY-MM-DD"T"HH24:MI:SS"Z"') WHERE kind = 'host_held';
SELECT is(pg_temp.verdicts(), 'clean', 'not one that had ended by itself');
ROLLBACK TO clean;

-- Windows. Of the 13 POSTs the 7th is 66 s after the first and the 10th at most 69 s after the 4th.
SELECT o365.set_quota('connector', 50, 6), o365.set_quota('workflow', 3600, 1, 'webhook') \g /dev/null
SELECT is((SELECT a.verdict FROM o365.audit(now() - interval '3 hours') AS a WHERE a.rule = 'windows'), 'kept',
    'windows that were kept');
SELECT o365.set_quota('connector', 50, NULL), o365.set_quota('connector', 70, 6) \g /dev/null
SELECT is(pg_temp.verdicts(), 'clean', 'a limit says nothing about what was posted before it');
SELECT pg_temp.was_set('5 hours') \g /dev/null
SELECT is(pg_temp.verdicts(), format('windows 2: POST 7 of subscription %s is more than the 6-th in 70 s', :ann),
    'and windows that were not');
SELECT o365.set_quota('connector', 70, 20) \g /dev/null
SELECT alike(pg_temp.verdicts(), 'windows 2: %', 'a limit that is raised later excuses nothing');
SELECT o365.set_quota('connector', 70, NULL) \g /dev/null
UPDATE o365_internal.event SET at = :'t0'::timestamptz - interval '1 second'
 WHERE kind = 'setting_changed' AND at > now() - interval '1 minute' AND detail = 'none, before 20';
SELECT pg_temp.was_set('4 hours') \g /dev/null
SELECT is(pg_temp.verdicts(), 'clean', 'one that was taken away before holds no more, not even for a lease');
ROLLBACK TO clean;
-- 13 in an hour were right, and a limit of 10 came between the second and the third transaction: the lease that was
-- open then is used up under the old one.
SELECT o365.set_quota('connector', 3600, 13) \g /dev/null
SELECT pg_temp.was_set('5 hours'), o365.set_quota('connector', 3600, 5) \g /dev/null
SELECT is(pg_temp.verdicts(), 'clean', 'a limit that is lowered after right POSTs breaks none of them');
SELECT pg_temp.was_set(now() - :'t0'::timestamptz - interval '70 s') \g /dev/null
SELECT o365.set('lease_seconds', '60') \g /dev/null
SELECT is(pg_temp.verdicts(), format('windows 3: POST 11 of subscription %s is more than the 5-th in 3600 s', :ann),
    'from a lease after it was lowered on it holds');
ROLLBACK TO clean;
SELECT o365.set_quota('connector', 3600, 5), o365.set_quota_policy(:ann, 'off') \g /dev/null
SELECT pg_temp.was_set('5 hours'), o365.set_quota_policy(:ann, 'kept') \g /dev/null
SELECT is(pg_temp.verdicts(), 'clean', 'nor is what was posted while the limits were off');
ROLLBACK TO clean;
-- Those that the far end counts as one. Within 4 s of the first: three of ann, three of bob.
SELECT o365.set_quota('connector', 20, 4), pg_temp.was_set('5 hours') \g /dev/null
SELECT is(pg_temp.verdicts(), 'clean', 'two webhooks have a limit each');
INSERT INTO o365_internal.quota_group (dialect, webhook_index) VALUES ('connector', 'x') RETURNING group_id AS g \gset
UPDATE o365_internal.lane SET quota_webhook = :g WHERE subscription_id IN (:ann, :bob);
SELECT alike(pg_temp.verdicts(),
    format('windows 2: POST %% of subscription %% is more than the 4-th of the webhook of subscription %s in 20 s',
           :ann),
    'two connections of one webhook have one');
UPDATE o365_internal.lane SET quota_webhook = NULL, webhook_after = 3 WHERE subscription_id = :bob;
SELECT is(pg_temp.verdicts(), 'clean', 'not for what went to another webhook');
ROLLBACK TO clean;
UPDATE o365_internal.subscription SET dialect = 'workflow' WHERE subscription_id IN (:ann, :bob);
SELECT o365.set_quota('workflow', 20, 4), o365.share_quota('megan', ARRAY[:ann, :bob]::bigint[]),
       pg_temp.was_set('5 hours') \g /dev/null
SELECT alike(pg_temp.verdicts(), 'windows 2: POST % is more than the 4-th of the flows of megan in 20 s',
    'nor do flows of one bot post more than it may');
SELECT o365.share_quota('megan', ARRAY[:ann]::bigint[]) \g /dev/null
SELECT alike(pg_temp.verdicts(), 'windows 2: %', 'whoever has left it since');
ROLLBACK TO clean;
SELECT * FROM finish();
ROLLBACK;
