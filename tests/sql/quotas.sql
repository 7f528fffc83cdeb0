-- Limits of the far end: what a claim grants, when a lane waits and until when, in every way that a window can be
-- filled. Time passes by moving what was reported into the past.
\ir fixtures/setup.sql
SELECT no_plan();
\ir fixtures/limits.sql

-- Five windows at once.
SELECT pg_temp.connect('ann') AS ann, pg_temp.connect('bob') AS bob \gset
SELECT pg_temp.send(:ann, 300) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.take(:w, :ann), 4, 'a lease may make as many POSTs as the shortest window takes');
SELECT is((pg_temp.lane(:ann)).granted, 4, 'and says so');
SELECT is(pg_temp.report(:w, :ann, 4), 4, 'they are reported');
SELECT is(pg_temp.take(:w, :ann), 0, 'then none is free');
SELECT ok(l.why = 'quota' AND l.next_at = l.not_before AND l.next_at = d.at + interval '1 s' AND l.worker IS NULL,
          'the lane waits until the first of them leaves the window, and is nobody''s')
  FROM pg_temp.lane(:ann) AS l, (SELECT min(at) AS at FROM o365_internal.delivery WHERE subscription_id = :ann) AS d;
SELECT matches((SELECT q.reason FROM o365.queue AS q WHERE q.subscription_id = :ann),
               '^its quota is used up: at most 4 POSTs in 1 second; the next POST is free at ',
               'the queue says which limit');
SELECT is((SELECT q.why FROM o365.queue AS q WHERE q.subscription_id = :ann), 'quota', 'and that it is one');
SELECT is((o365_programs.worker_outlook() ->> 'waiting')::integer, 1,
    'o365-worker --once knows that it waits, and until when');
SELECT pg_temp.send(:ann, 1) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.take(:w, :ann), 0, 'a card that arrives changes nothing');
-- What a look has found is exact until the first POST leaves the window.
BEGIN;
CREATE FUNCTION pg_temp.looks() RETURNS bigint LANGUAGE sql AS $$
    SELECT sum(s.idx_scan)::bigint FROM pg_stat_xact_user_tables AS s WHERE s.relname ~ '^delivery_' $$;
UPDATE o365_internal.lane SET next_at = clock_timestamp() WHERE subscription_id = :ann;
SELECT pg_temp.looks() AS looks \gset
SELECT is(pg_temp.take(:w, :ann), 0, 'a lane that is asked too early waits on');
SELECT is(pg_temp.looks(), :looks::bigint, 'without a look into its history');
SELECT ok(l.why = 'quota' AND l.next_at = d.at + interval '1 s', 'until the same moment')
  FROM pg_temp.lane(:ann) AS l, (SELECT min(at) AS at FROM o365_internal.delivery WHERE subscription_id = :ann) AS d;
-- A POST of a clock that was ahead holds nothing up: the history is asked.
UPDATE o365_internal.lane SET quota_leaves[1] = clock_timestamp() + interval '3 hours', next_at = clock_timestamp()
 WHERE subscription_id = :ann;
SELECT is(pg_temp.take(:w, :ann), 0, 'a time that is too far ahead is not believed');
SELECT ok(l.next_at < clock_timestamp() + interval '1 s', 'the lane waits as long as its window')
  FROM pg_temp.lane(:ann) AS l;
COMMIT;
SELECT pg_temp.pass(:ann, '990 ms') \g /dev/null
UPDATE o365_internal.lane SET next_at = clock_timestamp() WHERE subscription_id = :ann;
BEGIN;
-- 4 were reported in one transaction, at slightly different times.
SELECT pg_temp.pass(:ann, '2 s') \g /dev/null
SELECT is(pg_temp.take(:w, :ann), 4, 'after a second four more are free');
SELECT is(l.why, NULL, 'a lane that is leased does not wait') FROM pg_temp.lane(:ann) AS l;
SELECT is(l.not_before, NULL, 'for anything') FROM pg_temp.lane(:ann) AS l;
SELECT pg_temp.report(:w, :ann, 4) \g /dev/null
COMMIT;
CREATE FUNCTION pg_temp.drain_over(w integer, s bigint, step interval, n integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    v_all integer := 0;
BEGIN
    FOR i IN 1 .. n LOOP
        v_all := v_all + pg_temp.drain(w, s);
        PERFORM pg_temp.pass(s, step);
    END LOOP;
    RETURN v_all;
END $$;
SELECT is(pg_temp.drain_over(:w, :ann, '1 s', 20), 52, 'sixty in half a minute, with the eight of before');
SELECT is((SELECT u.used FROM o365.quota_usage(:ann) AS u WHERE u.seconds = 30), 60, 'o365.quota_usage counts them');
SELECT ok((SELECT u.next_free_at > clock_timestamp() + interval '3 s' FROM o365.quota_usage(:ann) AS u
    WHERE u.seconds = 30), 'and says when the next is free');
SELECT is((SELECT u.next_free_at FROM o365.quota_usage(:ann) AS u WHERE u.seconds = 1), NULL, 'null: now');
SELECT is(pg_temp.drain_over(:w, :ann, '2 s', 60), 40, 'a hundred in an hour');
SELECT is(pg_temp.drain_over(:w, :ann, '10 min', 6), 0, 'not one more within it');
SELECT is(pg_temp.drain_over(:w, :ann, '2 s', 60), 50, 'then a hundred and fifty in two hours');
SELECT is((SELECT u.used FROM o365.quota_usage(:ann) AS u WHERE u.seconds = 86400), 150, 'all of them in a day');
-- A day of less, twenty minutes at a time; and what an outside count of the times says.
SELECT o365.set_quota('connector', 86400, 200) \g /dev/null
SELECT is(pg_temp.drain_over(:w, :ann, '20 min', 36), 50, 'and what a day takes');
SELECT o365.set_quota('connector', 86400, 1800) \g /dev/null
CREATE FUNCTION pg_temp.exceeded(s bigint) RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM (
        SELECT d.at - lag(d.at, 4) OVER o AS a, d.at - lag(d.at, 60) OVER o AS b, d.at - lag(d.at, 100) OVER o AS c,
               d.at - lag(d.at, 150) OVER o AS e, d.at - lag(d.at, 200) OVER o AS f
          FROM o365_internal.delivery AS d WHERE d.subscription_id = s WINDOW o AS (ORDER BY d.post_no)) AS x
     WHERE a < '1 s' OR b < '30 s' OR c < '1 hour' OR e < '2 hours' OR f < '1 day' $$;
SELECT is(pg_temp.exceeded(:ann), 0::bigint, 'no five of them lie in a second, no 61 in half a minute, and so on');
SELECT o365.pause(:ann) \g /dev/null

-- A limit that changes counts at once, for what was posted before.
SELECT pg_temp.send(:bob, 300) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.drain_over(:w, :bob, '1 s', 10), 40, 'forty POSTs');
SELECT o365.set_quota('connector', 3600, 30) \g /dev/null
SELECT is(pg_temp.drain_over(:w, :bob, '1 s', 2), 0, 'a lower limit stops the lane');
SELECT ok(l.next_at BETWEEN clock_timestamp() + interval '59 min' AND clock_timestamp() + interval '1 hour',
    'until the eleventh of them is an hour old') FROM pg_temp.lane(:bob) AS l;
SELECT o365.set_quota('connector', 3600, 44, reason => 'as measured') \g /dev/null
SELECT ok(l.next_at <= clock_timestamp(), 'a higher one lets it look again') FROM pg_temp.lane(:bob) AS l;
SELECT is(pg_temp.drain_over(:w, :bob, '1 s', 3), 4, 'and post what is free now');
SELECT results_eq($$SELECT e.object, e.detail, e.reason FROM o365.events AS e WHERE e.kind = 'setting_changed'
    AND e.object ~ '^quota' ORDER BY e.event_id DESC LIMIT 1$$,
    $$VALUES ('quota of a connector''s webhook in 3600 s', '44, before 30', 'as measured')$$,
    'who changed it stands in the events, and what it was before');
SELECT o365.set_quota('connector', 3600, 44) \g /dev/null
SELECT is((SELECT count(*) FROM o365.events AS e WHERE e.object ~ 'webhook in 3600 s' AND e.detail ~ '^44,'), 1::bigint,
    'once');
SELECT o365.set_quota('connector', 10, 2) \g /dev/null
SELECT pg_temp.pass(:bob, '30 min') \g /dev/null
SELECT o365.set_quota('connector', 3600, 100) \g /dev/null
SELECT is(pg_temp.drain_over(:w, :bob, '5 s', 4), 4, 'a window of another length holds, too');
SELECT o365.set_quota('connector', 10, NULL) \g /dev/null
SELECT is(pg_temp.drain_over(:w, :bob, '5 s', 2), 8, 'until it is taken away');
SELECT is((SELECT count(*) FROM o365.quotas AS q WHERE q.dialect = 'connector'), 5::bigint, 'and out of the list');
SELECT throws_ok(format('SELECT o365.set_quota(%s)', a), '22023', NULL, format('set_quota(%s) is refused', a))
  FROM unnest(ARRAY['NULL, 1, 1', $$'slack', 1, 1$$, $$'connector', 0, 1$$, $$'connector', 86401, 1$$,
      $$'connector', 1, 0$$, $$'connector', 1, 1, 'bot'$$, $$'workflow', 1, 1, 'owner'$$]) AS a;
-- Off.
SELECT pg_temp.drain(:w, :bob) \g /dev/null
SELECT is(o365.set_quota_policy(:bob, 'off', 'our own webhook'), 'off', 'limits of a connection are switched off');
SELECT ok(l.next_at <= clock_timestamp(), 'what waited looks again at once') FROM pg_temp.lane(:bob) AS l;
SELECT is(pg_temp.take(:w, :bob), 20, 'it may post at once, and as many as a worker takes');
SELECT pg_temp.report(:w, :bob, 20) \g /dev/null
SELECT is_empty(format('SELECT * FROM o365.quota_usage(%s)', :bob), 'no limit holds for it');
SELECT is(o365.set_quota_policy(:bob, 'kept'), 'kept', 'and on again');
SELECT is(pg_temp.take(:w, :bob), 0, 'what it posted meanwhile counts');
SELECT throws_ok(format('SELECT o365.set_quota_policy(%s, %L)', :bob, 'some'), '22023', NULL,
    'other policies are refused');
SELECT is((SELECT count(*) FROM o365.events AS e WHERE e.subscription_id = :bob AND e.kind = 'changed'
    AND e.detail IN ('quotas off', 'quotas kept')), 2::bigint, 'both are events');

-- Cards that are given back free their POSTs; retries use theirs up.
SELECT pg_temp.connect('carl') AS carl \gset
SELECT pg_temp.send(:carl, 20) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.take(:w, :carl), pg_temp.report(:w, :carl, 1) \g /dev/null
SELECT is(pg_temp.take(:w, :carl), 3, 'of four that were granted three are free when one was made');
SELECT pg_temp.report(:w, :carl, 1, releases => false) \g /dev/null
SELECT is((pg_temp.lane(:carl)).granted, 2, 'a report without a release leaves the rest to the lease');
SELECT pg_temp.report(:w, :carl, 1, 'retry') \g /dev/null
UPDATE o365_internal.lane SET next_at = clock_timestamp() WHERE subscription_id = :carl;
SELECT is(pg_temp.take(:w, :carl), 1, 'a POST after which its card is tried again counts like any other');
SELECT pg_temp.report(:w, :carl, 1, 'retry') \g /dev/null
UPDATE o365_internal.lane SET next_at = clock_timestamp() WHERE subscription_id = :carl;
SELECT is(pg_temp.take(:w, :carl), 0, 'all four are used up');
SELECT ok(l.why = 'retry' AND l.not_before > l.next_at, 'a longer wait stays what it is') FROM pg_temp.lane(:carl) AS l;
-- Only failures, of one card.
SELECT pg_temp.pass(:carl, '1 hour') \g /dev/null
CREATE FUNCTION pg_temp.fail(w integer, s bigint, n integer) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    v_made integer := 0;
BEGIN
    FOR i IN 1 .. n LOOP
        UPDATE o365_internal.lane SET next_at = clock_timestamp() WHERE subscription_id = s;
        CONTINUE WHEN pg_temp.take(w, s) = 0;
        PERFORM pg_temp.report(w, s, 1, 'retry');
        v_made := v_made + 1;
    END LOOP;
    RETURN v_made;
END $$;
SELECT is(pg_temp.fail(:w, :carl, 6), 4, 'so do failures alone');
SELECT is((SELECT u.used FROM o365.quota_usage(:carl) AS u WHERE u.seconds = 7200), 8, 'and all are counted');

-- Leases that end without a report.
SELECT pg_temp.connect('dora') AS dora \gset
SELECT pg_temp.send(:dora, 40) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.take(:w, :dora), pg_temp.report(:w, :dora, 1, releases => false) \g /dev/null
SELECT o365.set_quota('connector', 30, 6) \g /dev/null
SELECT pg_temp.pass(:dora, '61 s') \g /dev/null
SELECT (pg_temp.lane(:dora)).lease_until AS ended \gset
SELECT pg_temp.pass(:dora, '2 s') \g /dev/null
SELECT is(pg_temp.take(:w2, :dora), 3, 'a lease that ended without a report may have posted what it was granted');
SELECT is(cardinality((pg_temp.lane(:dora)).lost), 3, 'they are noted');
SELECT pg_temp.report(:w2, :dora, 3) \g /dev/null
SELECT is(pg_temp.report(:w, :dora, 0), 0, 'and a report that comes too late changes nothing');
SELECT pg_temp.pass(:dora, '5 s') \g /dev/null
SELECT is(pg_temp.take(:w2, :dora), 0, 'half a minute is full');
SELECT ok(l.why = 'quota' AND l.next_at = :'ended'::timestamptz - interval '7 s' + interval '30 s',
    'until half a minute after the end of that lease') FROM pg_temp.lane(:dora) AS l;
SELECT pg_temp.pass(:dora, '24 s') \g /dev/null
SELECT is(pg_temp.take(:w2, :dora), 3, 'then what was lost is old');
SELECT pg_temp.report(:w2, :dora, 0) \g /dev/null
SELECT pg_temp.pass(:dora, '25 hours') \g /dev/null
SELECT is(pg_temp.take(:w2, :dora), 4, 'after a day they are forgotten');
SELECT is((pg_temp.lane(:dora)).lost, NULL, 'altogether');
SELECT pg_temp.report(:w2, :dora, 4) \g /dev/null
-- Three that were reported, then three that were lost: the older ones leave the window first.
SELECT pg_temp.pass(:dora, '25 hours') \g /dev/null
SELECT pg_temp.take(:w2, :dora), pg_temp.report(:w2, :dora, 3) \g /dev/null
SELECT pg_temp.pass(:dora, '5 s') \g /dev/null
SELECT pg_temp.take(:w2, :dora) \g /dev/null
UPDATE o365_internal.lane SET granted = 3, lease_until = clock_timestamp() - interval '2 s', next_at = clock_timestamp()
 WHERE subscription_id = :dora;
SELECT is(pg_temp.take(:w, :dora), 0, 'posted and lost ones fill a window together');
SELECT ok(l.next_at BETWEEN clock_timestamp() + interval '15 s' AND clock_timestamp() + interval '25.5 s',
    'which is free when the first of either leaves it') FROM pg_temp.lane(:dora) AS l;
SELECT o365.set_quota('connector', 30, 60) \g /dev/null

-- Test cards, and a pause.
SELECT pg_temp.connect('eve') AS eve \gset
SELECT pg_temp.send(:eve, 9) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.drain(:w, :eve), o365.pause(:eve), o365.send_test(:eve) \g /dev/null
SELECT is(pg_temp.take(:w, :eve), 0, 'a test card waits for the quota, too');
SELECT ok(l.why = 'pause' AND l.not_before = 'infinity' AND l.next_at > clock_timestamp(), 'and the lane stays paused')
  FROM pg_temp.lane(:eve) AS l;
SELECT pg_temp.pass(:eve, '2 s') \g /dev/null
SELECT is(pg_temp.take(:w, :eve), 1, 'then it leaves, alone');
SELECT pg_temp.report(:w, :eve, 1), o365.resume(:eve) \g /dev/null
SELECT is(pg_temp.take(:w, :eve), 3, 'and counts like any card');
SELECT pg_temp.report(:w, :eve, 3), o365.remove(:eve) \g /dev/null
SELECT is(pg_temp.take(:w, :eve), 2, 'what is cancelled needs no quota');
SELECT pg_temp.report(:w, :eve, 2, 'cancelled') \g /dev/null

-- A far end that throttles although its limits were kept.
SELECT pg_temp.connect('fay') AS fay \gset
SELECT pg_temp.send(:fay, 90) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.take(:w, :fay), pg_temp.report(:w, :fay, 1, 'throttled', retry_after => 20) \g /dev/null
SELECT ok(l.why = 'retry' AND l.not_before > clock_timestamp() + interval '19 s' AND l.quota_halved = 1,
    'it waits as it was asked, and learns') FROM pg_temp.lane(:fay) AS l;
SELECT pg_temp.pass(:fay, '21 s') \g /dev/null
SELECT is(pg_temp.take(:w, :fay), 2, 'half of each limit is left to it');
SELECT results_eq(format('SELECT u.limited_to FROM o365.quota_usage(%s) AS u', :fay),
    'VALUES (2), (30), (50), (75), (900)', 'an operator sees which');
SELECT pg_temp.report(:w, :fay, 1, 'throttled') \g /dev/null
SELECT is((pg_temp.lane(:fay)).quota_halved, 1::smallint, 'throttles in a row are one');
SELECT pg_temp.pass(:fay, '2 min') \g /dev/null
SELECT pg_temp.take(:w, :fay), pg_temp.report(:w, :fay, 1) \g /dev/null
SELECT pg_temp.pass(:fay, '2 min') \g /dev/null
SELECT pg_temp.take(:w, :fay), pg_temp.report(:w, :fay, 1, 'throttled') \g /dev/null
SELECT pg_temp.pass(:fay, '2 min') \g /dev/null
SELECT is(pg_temp.take(:w, :fay), 1, 'another one halves again');
SELECT pg_temp.report(:w, :fay, 1) \g /dev/null
SELECT pg_temp.pass(:fay, '62 min') \g /dev/null
SELECT is(pg_temp.take(:w, :fay), 2, 'an hour later it may try twice as much');
SELECT pg_temp.report(:w, :fay, 2) \g /dev/null
SELECT pg_temp.pass(:fay, '60 min') \g /dev/null
SELECT is(pg_temp.take(:w, :fay), 4, 'and another hour later everything');
SELECT pg_temp.report(:w, :fay, 4) \g /dev/null

-- F7: what waited behind a throttle leaves by its windows, not into the next throttle.
SELECT pg_temp.pass(:fay, '25 hours') \g /dev/null
SELECT cmp_ok(pg_temp.drain(:w, :fay), '<=', 4, 'after a throttle a lane drains by its windows (F7)');

-- Rows of before POSTs were numbered, and lanes of before there were limits.
SELECT pg_temp.connect('gil') AS gil \gset
SELECT pg_temp.send(:gil, 120) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.drain_over(:w, :gil, '1 s', 24) \g /dev/null
SELECT is((pg_temp.lane(:gil)).posts, 60::bigint, 'sixty POSTs');
UPDATE o365_internal.delivery SET post_no = NULL WHERE subscription_id = :gil;
UPDATE o365_internal.lane SET posts = 0, last_post_at = NULL, quota_past = NULL, granted = NULL
 WHERE subscription_id = :gil;
SELECT is(pg_temp.drain_over(:w, :gil, '1 min', 40), 40,
    'POSTs without a number count as well: a hundred in an hour with them');
SELECT is((SELECT u.used FROM o365.quota_usage(:gil) AS u WHERE u.seconds = 3600), 100, 'and are shown');
UPDATE o365_internal.lane SET last_post_at = NULL, quota_past = NULL WHERE subscription_id = :gil;
SELECT is(pg_temp.drain_over(:w, :gil, '1 s', 3), 0, 'a lane that knows nothing asks its history');
-- A clock that was ahead.
UPDATE o365_internal.delivery SET at = at + interval '3 hours' WHERE subscription_id = :gil;
UPDATE o365_internal.lane SET last_post_at = last_post_at + interval '3 hours', quota_past = NULL,
    next_at = clock_timestamp() WHERE subscription_id = :gil;
SELECT is(pg_temp.take(:w, :gil), 4, 'what a clock wrote that was ahead holds no lane up for hours');
SELECT pg_temp.report(:w, :gil, 0) \g /dev/null

-- Workflows, and groups that share their bot's limit.
SELECT pg_temp.workflow('hal') AS hal, pg_temp.workflow('ida') AS ida, pg_temp.workflow('jon') AS jon \gset
SELECT pg_temp.send(x, 60) FROM unnest(ARRAY[:hal, :ida, :jon]) AS x \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
UPDATE o365_internal.lane SET next_at = NULL WHERE subscription_id IN (:ida, :jon);
SELECT is(pg_temp.drain(:w, :hal), 25, 'a flow takes 25 in five minutes');
SELECT ok(l.next_at > clock_timestamp() + interval '308 s', 'and ten seconds, for flows post after they have answered')
  FROM pg_temp.lane(:hal) AS l;
SELECT is(o365.share_quota('megan', ARRAY[:ida, :hal]::bigint[]), ARRAY[:hal, :ida]::bigint[],
    'flows of one owner are a group');
UPDATE o365_internal.lane SET next_at = clock_timestamp() WHERE subscription_id = :ida;
SELECT is(pg_temp.drain(:w, :ida), 0, 'what one has posted the other may not');
SELECT ok(l.why = 'quota', 'it waits') FROM pg_temp.lane(:ida) AS l;
SELECT is((SELECT u.used FROM o365.quota_usage(:ida) AS u WHERE u.per = 'bot'), 25, 'and says why');
SELECT pg_temp.pass(x, '6 min') FROM unnest(ARRAY[:hal, :ida]) AS x \g /dev/null
UPDATE o365_internal.lane SET next_at = NULL WHERE subscription_id = :hal;
SELECT is(pg_temp.take(:w, :ida), 20, 'later one of them may post');
UPDATE o365_internal.lane SET next_at = clock_timestamp() WHERE subscription_id = :hal;
SELECT is(pg_temp.take(:w2, :hal), 5, 'and the other what it leaves');
SELECT pg_temp.report(:w, :ida, 8) \g /dev/null
SELECT pg_temp.report(:w2, :hal, 4, releases => false), pg_temp.report(:w2, :hal, 1) \g /dev/null
SELECT is((SELECT sum(s.posts) FROM o365_internal.quota_slot AS s WHERE s.at > now() - interval '5 min'
    AND s.subscription_id IN (:hal, :ida)), 13::bigint,
    'what a lease did not use is free');
UPDATE o365_internal.lane SET next_at = NULL WHERE subscription_id = :ida;
SELECT is(pg_temp.take(:w2, :hal), 12, 'for any of them');
-- Its worker dies.
SELECT pg_temp.pass(:hal, '61 s') \g /dev/null
UPDATE o365_internal.lane SET next_at = clock_timestamp() WHERE subscription_id = :ida;
SELECT is(pg_temp.take(:w, :ida), 0, 'what a lease was granted that ended without a report counts');
SELECT pg_temp.pass(x, '311 s') FROM unnest(ARRAY[:hal, :ida]) AS x \g /dev/null
UPDATE o365_internal.lane SET next_at = NULL WHERE subscription_id = :hal;
SELECT is(pg_temp.take(:w, :ida), 20, 'until five minutes after its end');
SELECT pg_temp.report(:w, :ida, 0) \g /dev/null
SELECT is((SELECT count(*) FROM o365_internal.quota_slot AS s WHERE s.at > clock_timestamp()), 0::bigint,
    'nothing stays open');
SELECT throws_ok(format('SELECT o365.share_quota(%L, ARRAY[%s])', 'adele', :hal), '55000', NULL,
    'a flow is in one group');
SELECT throws_ok(format('SELECT o365.share_quota(%L, ARRAY[%s])', 'adele', :ann), '22023', NULL,
    'a connector''s webhook in none');
SELECT throws_ok(format('SELECT o365.share_quota(%L, ARRAY[%s])', 'adele', 99999999), '42704', NULL,
    'nor one that is not there');
SELECT throws_ok(format('SELECT o365.share_quota(%L, ARRAY[%s])', ' ', :hal), '22023', NULL, 'a group has a name');
SELECT is(o365.share_quota('megan', ARRAY[:ida]::bigint[]), ARRAY[:ida]::bigint[], 'members leave');
UPDATE o365_internal.lane SET next_at = clock_timestamp() WHERE subscription_id = :hal;
SELECT is(pg_temp.take(:w, :hal), 20, 'and have their own limit again');
SELECT pg_temp.report(:w, :hal, 20) \g /dev/null
SELECT u.used AS used FROM o365.quota_usage(:ida) AS u WHERE u.per = 'bot' \gset
SELECT o365.share_quota('megan', ARRAY[:ida, :hal]::bigint[]) \g /dev/null
SELECT is((SELECT u.used FROM o365.quota_usage(:ida) AS u WHERE u.per = 'bot'), :used + 20,
    'what it posted alone is the bot''s when it comes back');
SELECT o365.share_quota('megan', ARRAY[:ida]::bigint[]) \g /dev/null
SELECT is((SELECT u.used FROM o365.quota_usage(:ida) AS u WHERE u.per = 'bot'), :used + 20,
    'and stays so when it leaves once more');
SELECT o365.share_quota('megan', ARRAY[:ida, :hal]::bigint[]) \g /dev/null
SELECT is((SELECT u.used FROM o365.quota_usage(:ida) AS u WHERE u.per = 'bot'), :used + 20,
    'but is not counted twice');
SELECT throws_ok('SELECT o365.share_quota(''megan'', (SELECT array_agg(1::bigint) WHERE false))', '22023',
    'the members of group ''megan'' are NULL', 'a query that finds no member dissolves nothing');
SELECT throws_ok(format('SELECT o365.share_quota(%L, ARRAY[%s, NULL])', 'megan', :hal), '22023', NULL,
    'nor does one that finds too few');
SELECT is(o365.share_quota('megan', '{}'), '{}'::bigint[], 'a group is dissolved');
SELECT is_empty('SELECT 1 FROM o365_internal.quota_group AS g WHERE g.name IS NOT NULL UNION ALL
    SELECT 1 FROM o365_internal.quota_slot AS s WHERE s.group_id NOT IN (SELECT g.group_id
        FROM o365_internal.quota_group AS g WHERE g.webhook_index IS NOT NULL)',
    'and nothing is left of it');
SELECT is((pg_temp.lane(:ida)).quota_group, NULL, 'in nobody''s lane');
SELECT is((SELECT e.detail FROM o365.events AS e WHERE e.object = 'quota group megan' ORDER BY e.event_id DESC LIMIT 1),
    'dissolved', 'each step is an event');
-- What passes a schedule or a pause and waits for the group's limit, leaves when its lane leaves the group.
SELECT pg_temp.workflow('max') AS max, pg_temp.workflow('nat') AS nat, pg_temp.workflow('oli') AS oli \gset
SELECT pg_temp.send(:max, 25) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.drain(:w, :max), 25, 'one flow of a group uses its limit up');
SELECT o365.set_schedule(:nat, format('daily at %s:00',
                                      to_char(now() AT TIME ZONE 'UTC' + interval '12 hours', 'HH24'))),
       o365.share_quota('otto', ARRAY[:max, :nat, :oli]::bigint[]), o365.pause(:oli), pg_temp.send(:nat, 1) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT o365.send(:nat, '{"text": "at once"}', urgent => true), o365.send_test(:oli) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.take(:w, :nat), 0, 'its members wait');
CREATE FUNCTION pg_temp.waits(VARIADIC lanes bigint[]) RETURNS TABLE (why text, is_soon boolean) LANGUAGE sql AS $$
    SELECT l.why, coalesce(l.next_at < now() + interval '320 s', false)
      FROM unnest(lanes) WITH ORDINALITY AS u (s, n), LATERAL pg_temp.lane(u.s) AS l ORDER BY u.n $$;
SELECT results_eq(format('SELECT * FROM pg_temp.waits(%s, %s)', :nat, :oli),
    $$VALUES ('schedule', true), ('pause', true)$$,
    'an urgent card before its schedule, a test card behind a pause');
SELECT o365.share_quota('otto', ARRAY[:max]::bigint[]) \g /dev/null
SELECT is(pg_temp.take(:w, :nat), 1, 'outside the group the urgent card leaves at once');
SELECT is((SELECT count(*) FROM taken AS t WHERE t.s = :oli), 1::bigint, 'and the test card');
SELECT pg_temp.report(:w, :nat, 1), pg_temp.report(:w, :oli, 1) \g /dev/null
SELECT results_eq(format('SELECT * FROM pg_temp.waits(%s, %s)', :nat, :oli),
    $$VALUES ('schedule', false), ('pause', false)$$,
    'what waits for the schedule or the pause goes on to wait');
SELECT o365.share_quota('otto', '{}') \g /dev/null

-- A lane whose cards are gone, cancelled for instance, forgets the wait of the lower limit.
UPDATE o365_internal.lane SET why = 'quota', not_before = now() + interval '1 hour', next_at = NULL
 WHERE subscription_id = :max;
SELECT o365.set_quota('workflow', 300, 40) \g /dev/null
SELECT is(pg_temp.take(:w, :max), 0, 'of a lane without a card nothing leaves when a limit is raised');
SELECT o365_programs.worker_report(:w, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', ARRAY[:max]::bigint[],
    ARRAY[(pg_temp.lane(:max)).lease_no], '{t}', NULL) \g /dev/null
SELECT ok(l.why IS NULL AND l.not_before IS NULL AND l.next_at IS NULL, 'it is quiet') FROM pg_temp.lane(:max) AS l;
SELECT pg_temp.send(:max, 1) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.take(:w, :max), 1, 'and its next card waits for nothing');
SELECT pg_temp.report(:w, :max, 1), o365.set_quota('workflow', 300, 25) \g /dev/null

-- When would more arrive?
SELECT o365_programs.worker_heartbeat(:w, 'production') \g /dev/null
SELECT pg_temp.connect('kim') AS kim, pg_temp.connect('lou') AS lou \gset
SELECT results_eq(format('SELECT f.cards, f.waiting, f.first_at = f.last_at, f.words FROM o365.forecast(%s) AS f',
    :kim), $$VALUES (1, 0::bigint, true, 'it arrives at once')$$, 'one card to a quiet connection arrives at once');
SELECT is(round(date_part('epoch', f.last_at - f.first_at)), round(v.s::double precision),
    format('%s cards take %s s', v.n, v.s))
  FROM (VALUES (4, 0), (5, 1), (60, 14), (61, 30), (100, 39), (101, 3600), (150, 3612), (151, 7200)) AS v (n, s),
       LATERAL o365.forecast(:kim, v.n) AS f;
SELECT matches((SELECT f.words FROM o365.forecast(:kim, 101) AS f),
    '^the first arrives at once, the last at [-0-9: ]+; 100 in 3600 s are the limit$', 'and says why');
SELECT pg_temp.send(:kim, 100) \g /dev/null
SELECT ok(f.waiting = 100 AND date_part('epoch', f.first_at - clock_timestamp()) BETWEEN 3590 AND 3601,
    'they come behind what waits') FROM o365.forecast(:kim, 3) AS f;
SELECT ok(f.last_at BETWEEN now() + interval '540 days' AND now() + interval '570 days',
    'a million take a year and a half') FROM o365.forecast(:kim, 1000000) AS f;
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.drain(:w, :kim) \g /dev/null
SELECT ok(f.waiting = 96 AND date_part('epoch', f.first_at - clock_timestamp()) BETWEEN 3590 AND 3601,
    'and what was posted counts') FROM o365.forecast(:kim, 3) AS f;
SELECT o365.pause(:kim, until => date_trunc('second', now()) + interval '1 day') \g /dev/null
SELECT ok(date_part('epoch', f.first_at - now()) BETWEEN 86300 AND 86500
    AND f.words ~ 'nothing leaves before [-0-9: ]+ \(pause\)', 'a pause with an end ends first')
  FROM o365.forecast(:kim, 1) AS f;
SELECT o365.pause(:kim) \g /dev/null
SELECT results_eq(format('SELECT f.first_at, f.last_at, f.words FROM o365.forecast(%s) AS f', :kim),
    $$VALUES (NULL::timestamptz, NULL::timestamptz, 'not before somebody resumes the connection')$$,
    'of one without nobody can tell');
SELECT o365.hold_host('*.webhook.office.com') \g /dev/null
SELECT is((SELECT f.words FROM o365.forecast(:lou) AS f), 'not before somebody releases the host *.webhook.office.com',
    'nor of a host that is held');
SELECT o365.release_host('*.webhook.office.com'), o365.remove(:kim) \g /dev/null
SELECT is((SELECT f.words FROM o365.forecast(:kim) AS f), 'never: the connection is removed',
    'and a removed one gets none');
SELECT throws_ok(format('SELECT o365.forecast(%s, %s)', :lou, n), '22023', NULL, format('no forecast for %s cards', n))
  FROM unnest('{0,1000001}'::integer[]) AS n;
SET SESSION AUTHORIZATION stranger;
SELECT throws_ok(format('SELECT o365.forecast(%s)', :lou), '42501', NULL, 'nobody asks about others'' connections');
SELECT is_empty(format('SELECT * FROM o365.quota_usage(%s)', :lou), 'nor sees how far they are used');
RESET SESSION AUTHORIZATION;
SELECT * FROM finish();
