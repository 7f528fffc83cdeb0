-- o365.explain_card: each thing that a card can wait for, and each end, in sentences; o365.cards, o365.queue,
-- o365.workers and o365.retry_schedule beside it. Commits, because other sessions hold locks meanwhile.
\ir fixtures/setup.sql
\ir fixtures/claim.sql
CREATE EXTENSION IF NOT EXISTS dblink WITH SCHEMA public;
SELECT no_plan();
SELECT pg_temp.connect('ann') AS ann, pg_temp.connect('bob') AS bob \gset
SELECT (o365_programs.worker_start('w1', 'test', 'production') ->> 'worker')::integer AS w1 \gset
CREATE FUNCTION pg_temp.as_t(said text) RETURNS text LANGUAGE sql AS $$
    SELECT regexp_replace(said, '\d{4}-\d\d-\d\d \d\d:\d\d:\d\d', 'T', 'g') $$;
CREATE FUNCTION pg_temp.said(card bigint) RETURNS text[] LANGUAGE sql AS $$
    SELECT ARRAY(SELECT pg_temp.as_t(e.sentence) FROM o365.explain_card(card) AS e) $$;
CREATE FUNCTION pg_temp.first(card bigint) RETURNS text LANGUAGE sql AS $$ SELECT (pg_temp.said(card))[1] $$;
CREATE FUNCTION pg_temp.rest(card bigint) RETURNS text[] LANGUAGE sql AS $$ SELECT (pg_temp.said(card))[2:] $$;

-- Numbers that are no card.
SELECT alike(pg_temp.first(4711), 'No card has had this number yet: the newest has %', 'a number that was never given');
BEGIN;
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:ann, '{"text": "0"}') AS c0 \gset
RESET SESSION AUTHORIZATION;
ROLLBACK;
SELECT is(pg_temp.first(:c0), format('No card %s is known here: its transaction is still open or was rolled back, it '
                                     'ended more than 30 days ago, or it is another '
    'application''s.', :c0), 'one that was rolled back');
SELECT is((pg_temp.said(NULL))[1], 'No card NULL is known here: its transaction is still open or was rolled back, it '
    'ended more than 30 days ago, or it is another application''s.', 'and none at all');

-- Arrivals.
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:ann, '{"text": "1"}') AS c1, o365.send(:ann, '{"text": "2"}') AS c2 \gset
RESET SESSION AUTHORIZATION;
SELECT matches(pg_temp.first(:c1),
    '^Its transaction was not seen yet: the last round of arrivals was at T\.$', 'not seen yet');
SELECT dblink_connect('other', format('host=%s dbname=%s user=postgres application_name=console',
           current_setting('unix_socket_directories'), current_database())),
       dblink_exec('other', 'BEGIN'),
       dblink_exec('other', 'LOCK TABLE o365_internal.turn_to_feed IN SHARE ROW EXCLUSIVE MODE') \g /dev/null
SELECT matches(pg_temp.first(:c1), 'was not seen yet: the last round of arrivals was at T, and process \d+ \(console, '
                                   'role postgres\) is at the next\.$', 'and who is in the way');
SELECT dblink_exec('other', 'ROLLBACK') \g /dev/null
INSERT INTO o365_internal.handing (xid, upto) SELECT o.xid, -9223372036854775808 FROM o365_internal.outbox AS o
    WHERE o.card_id = :c1;
SELECT alike(pg_temp.first(:c1), 'Its transaction sent very many cards, %',
    'a transaction that is handed over by and by');
DELETE FROM o365_internal.handing;
SELECT dblink_exec('other', 'BEGIN'), dblink_exec('other', format(
    'DO $x$ BEGIN PERFORM FROM o365_internal.lane WHERE subscription_id = %s FOR UPDATE; END $x$', :ann)) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT matches(pg_temp.first(:c1), '^Its connection could not be given new cards: it '
                                   'was locked, by the open transaction of process \d+ \(console, role postgres\)\.$',
    'a lane that somebody had locked');
SELECT dblink_exec('other', 'ROLLBACK') \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.said(:c1), ARRAY['Its connection is due since T: a worker takes it next.',
    format('It is the next card of subscription %s.', :ann), 'It waits since T.'], 'due');
SELECT is(pg_temp.rest(:c2), ARRAY[format('1 card of subscription %s leaves before it.', :ann), 'It waits since T.'],
    'what stands before it is counted');
SELECT results_eq('SELECT c.card_id, c.state, c.why, c.attempts, c.outcome, c.since = c.enqueued_at '
                  'FROM o365.cards AS c',
    format('VALUES (%s::bigint, ''waiting'', NULL, 0::bigint, NULL, true), (%s, ''waiting'', NULL, 0, NULL, true)', :c2,
        :c1), 'cards has both, the newest first');
SELECT ok((SELECT q.since <= now() FROM o365.queue AS q), 'the queue says since when');
UPDATE o365_internal.lane SET next_at = now() - interval '1 minute' WHERE subscription_id = :ann;
SELECT dblink_exec('other', 'BEGIN'), dblink_exec('other', format(
    'DO $x$ BEGIN PERFORM FROM o365_internal.lane WHERE subscription_id = %s FOR UPDATE; END $x$', :ann)) \g /dev/null
SELECT matches(pg_temp.first(:c1), '^Its connection is locked by the open transaction of process \d+',
    'due, and locked');
SELECT dblink_exec('other', 'ROLLBACK') \g /dev/null

-- Workers.
UPDATE o365_internal.worker SET seen_at = now() - interval '1 minute';
SELECT matches(pg_temp.first(:c1), '^No worker since \S+ \S+, when worker w1 was last heard of\.$', 'no worker');
UPDATE o365_internal.worker SET seen_at = now();
SELECT count(*) AS leased FROM o365_programs.worker_lease(:w1, '-infinity', 10) \gset
SELECT is(pg_temp.first(:c2),
    format('Worker w1 has its connection since T, under a lease until T: card %s is the next one.', :c1),
    'a worker has it');
SELECT is((SELECT w.lanes || ' ' || (w.reported_at IS NULL) FROM o365.workers AS w), '1 true',
    'workers says how many it has');

-- A failure, a throttle, and what other parts of the schema make lanes wait for.
CREATE FUNCTION pg_temp.fail(s bigint, w integer, outcome text, status integer, problem text) RETURNS void
    LANGUAGE sql AS $$
    SELECT o365_programs.worker_report(w, ARRAY[s], ARRAY[l.lease_no],
        ARRAY[(SELECT min(o.position) FROM o365_internal.outbox AS o WHERE o.subscription_id = s)],
               ARRAY[outcome], '{230}', ARRAY[status], '{NULL}', '{7}', ARRAY[fail.problem], ARRAY[s],
               ARRAY[l.lease_no], '{t}', '{1}')
      FROM o365_internal.lane AS l WHERE l.subscription_id = s $$;
CREATE FUNCTION pg_temp.lease_again(s bigint, w integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE o365_internal.lane SET next_at = now(), not_before = NULL, why = NULL WHERE subscription_id = s;
    PERFORM FROM o365_programs.worker_lease(w, '-infinity', 10);
END $$;
SELECT pg_temp.fail(:ann, :w1, 'retry', 503, 'HTTP 503: busy') \g /dev/null
SELECT is(pg_temp.said(:c1), ARRAY['Its retry 1 is at T: it fails since T, HTTP 503: busy.',
    format('It is the next card of subscription %s.', :ann), 'It waits since T.',
    'A POST at T: retry, HTTP 503: busy (the rule "the far end failed").'], 'a card that failed, with its POST');
SELECT is(pg_temp.first(:c2), format('Behind card %s: retry 1 is at T: it fails since T, HTTP 503: busy.', :c1),
    'and one behind it');
SELECT results_eq('SELECT c.why, c.until IS NOT NULL, c.attempts FROM o365.cards AS c ORDER BY c.card_id',
    $$VALUES ('retry', true, 1::bigint), ('retry', true, 0)$$, 'cards says what kind of wait, and counts POSTs');
SELECT pg_temp.lease_again(:ann, :w1), pg_temp.fail(:ann, :w1, 'throttled', 429, 'HTTP 429: too many') \g /dev/null
SELECT is(pg_temp.first(:c1), 'Its webhook is throttled since T (HTTP 429: too many): it is posted again at T.',
    'a throttle');
UPDATE o365_internal.lane SET why = 'quota', not_before = now() + interval '5 minutes', throttled_since = NULL,
    failures = 0, problem = NULL WHERE subscription_id = :ann;
SELECT alike(pg_temp.first(:c1), 'Its quota is used up; the next POST is free at %.', 'a quota');
SELECT is((SELECT q.why || ' ' || (q.until = l.not_before) FROM o365.queue AS q
    JOIN o365_internal.lane AS l ON l.subscription_id = q.subscription_id), 'quota true', 'which the queue says too');
UPDATE o365_internal.lane SET quota_window = (SELECT w.n FROM o365_internal.quota_window AS w
    WHERE w.dialect = 'connector' AND w.seconds = 3600)
 WHERE subscription_id = :ann;
SELECT o365.set_quota('connector', 3600, 100) \g /dev/null
UPDATE o365_internal.lane SET why = 'quota', not_before = now() + interval '5 minutes' WHERE subscription_id = :ann;
SELECT alike(pg_temp.first(:c1), 'Its quota is used up: at most 100 POSTs in 1 hour; the next POST is free at %.',
    'with the window that is full');
SELECT o365.set_quota('connector', 3600, NULL) \g /dev/null
UPDATE o365_internal.lane SET why = 'schedule', not_before = now() + interval '5 minutes' WHERE subscription_id = :ann;
SELECT is(pg_temp.first(:c1), 'Its subscription is sent digests (immediate): it goes into the one of T.', 'a digest');
UPDATE o365_internal.lane SET why = 'host', not_before = now() + interval '5 minutes', problem = 'no transfer is free'
 WHERE subscription_id = :ann;
SELECT is(pg_temp.first(:c1), 'Far end *.webhook.office.com: no transfer is free; looked at again at T.', 'a far end');
UPDATE o365_internal.lane SET why = 'retry', not_before = now() + interval '5 minutes', problem = 'no worker has key K'
 WHERE subscription_id = :ann;
SELECT is(pg_temp.first(:c1), 'No worker has key K, until T.', 'a key');

BEGIN;
-- Columns of the circuit breaker, where the schema has them.
ALTER TABLE o365_internal.host ADD COLUMN IF NOT EXISTS failing_since timestamptz,
    ADD COLUMN IF NOT EXISTS failing_until timestamptz,
    ADD COLUMN IF NOT EXISTS problem text, ADD COLUMN IF NOT EXISTS suspects bigint[];
UPDATE o365_internal.host SET failing_since = now(), failing_until = now() + interval '1 minute', problem = 'HTTP 503',
    suspects = '{1}';
SELECT is(pg_temp.first(:c1), 'Far end *.webhook.office.com fails as a whole since T, HTTP 503: nothing is charged to '
                              'its connections, and it is looked at again at T.', 'a far end that fails');
ROLLBACK;

-- Pauses and holds: who, since when, until when and why.
UPDATE o365_internal.lane SET next_at = now(), why = NULL, not_before = NULL, problem = NULL;
SET SESSION AUTHORIZATION keeper;
SELECT o365.pause(:ann, 'summer party', now() + interval '1 day') \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT is(pg_temp.first(:c1), format('Subscription %s is paused since T by operator keeper until T, '
                                     '"summer party": select o365.resume(%1$s) ends it.', :ann), 'a pause');
SELECT is((SELECT q.why || ' ' || (q.since = s.status_at) FROM o365.queue AS q JOIN o365_internal.subscription AS s
    ON s.subscription_id = q.subscription_id), 'pause true', 'the queue says since when');
SET SESSION AUTHORIZATION keeper;
SELECT o365.hold_host('*.webhook.office.com', 'outage') \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT is((pg_temp.said(:c1))[1:2], ARRAY[format('Subscription %s is paused since T by operator keeper until T, '
                                                 '"summer party": select o365.resume(%1$s) ends it.', :ann),
    'Far end *.webhook.office.com is held since T by keeper, "outage": o365.release_host ends it.'],
    'both, when both are in its way');
SELECT o365.resume(:ann), o365.release_host('*.webhook.office.com') \g /dev/null
SET SESSION AUTHORIZATION shop;
SELECT o365.pause(:ann) \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT is(pg_temp.first(:c1),
    format('Subscription %s is paused since T by application shop: select o365.resume(%1$s) ends it.', :ann),
    'an application''s pause');
SELECT o365.resume(:ann), o365_internal.hold(:ann, 'suspended', 'HTTP 403: not allowed') \g /dev/null
SELECT is(pg_temp.first(:c1), format('Subscription %s is suspended since T by a worker, "HTTP 403: not allowed": '
                                     'when the far end works again: select o365.resume(%1$s).', :ann),
    'a webhook that is refused');
SELECT o365.resume(:ann) \g /dev/null

-- Whose card.
SET SESSION AUTHORIZATION shop;
SELECT ok((SELECT count(*) > 2 FROM o365.explain_card(:c1)), 'an application asks about its cards');
SET SESSION AUTHORIZATION stranger;
SELECT is((SELECT string_agg(e.sentence, ' ') FROM o365.explain_card(:c1) AS e)
    LIKE format('No card %s is known here:%%', :c1), true, 'those of others are not known to it');
SELECT is((SELECT string_agg(e.sentence, ' ') FROM o365.explain_card(999999) AS e)
    LIKE 'No card 999999 is known here:%', true, 'as little as those that are none');
RESET SESSION AUTHORIZATION;

-- Ends.
SELECT pg_temp.lease_again(:ann, :w1) \g /dev/null
SELECT o365_programs.worker_report(:w1, ARRAY[:ann, :ann], ARRAY[l.lease_no, l.lease_no], ARRAY[:c1, :c2],
    '{delivered,dead}', '{100,230}', '{200,400}', '{NULL,NULL}', '{7,7}',
           '{NULL,refused}', ARRAY[:ann], ARRAY[l.lease_no], '{t}', '{1}') FROM o365_internal.lane AS l
    WHERE l.subscription_id = :ann \g /dev/null
SELECT is((pg_temp.said(:c1))[1:2], ARRAY['Delivered at T after 3 POSTs by the rule "a count of messages".',
    'It waited since T, first taken by a worker at T.'], 'a card that was delivered');
SELECT is(pg_temp.first(:c2), 'Not delivered: dead at T after 1 POST by the rule "the far end failed": refused.',
    'one that was refused');
SELECT is((pg_temp.said(:c2))[3:], ARRAY[format('Its content is kept until T: select o365.retry_card(%s) sends it '
    'again.', :c2)], 'and what can be done about it');
SELECT is((pg_temp.said(:c1))[3], 'A POST at T: throttled, HTTP 429: too many (the rule "the far end failed").',
    'nothing about one that arrived');
SELECT results_eq('SELECT c.state, c.outcome, c.attempts, c.why, c.reason FROM o365.cards AS c', $$VALUES ('ended',
    'dead', 1::bigint, NULL, 'refused'), ('ended', 'delivered', 3, NULL, NULL)$$, 'cards has ends as well');
SELECT ok((SELECT w.reported_at IS NOT NULL FROM o365.workers AS w), 'and workers says when it last reported');
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:bob, '{"text": "1"}') AS c3 \gset
RESET SESSION AUTHORIZATION;
SELECT o365_programs.worker_feed() \g /dev/null
SELECT o365.remove(:bob, 'gone fishing') \g /dev/null
SELECT matches(pg_temp.first(:c3), '^Subscription \d+ is removed since T by \S+ \S+, '
                                   '"gone fishing": the card ends as cancelled when a worker comes to it\.$',
    'a card of a removed subscription');
INSERT INTO o365_internal.delivery (card_id, subscription_id, outcome, enqueued_at)
    SELECT 900000 + row_number() OVER (), :ann, o, now()
      FROM unnest('{accepted,in_doubt,cancelled,expired,superseded,digested}'::text[]) AS o;
SELECT o365.retry_card(:c2) AS again \gset
SELECT is((pg_temp.said(:c2))[3:], ARRAY[format('It was sent again at T as card %s.', :again)],
    'a card that was sent again says as which');
SELECT o365.cancel_card(:again) \g /dev/null
SELECT results_eq($$SELECT pg_temp.first(900000 + i) FROM generate_series(1, 6) AS i$$,
    $$VALUES ('Accepted by its flow at T without a POST.'),
        ('Ended in doubt, it may have been shown, at T without a POST.'), ('Cancelled at T without a POST.'),
             ('Expired at T without a POST.'), ('Superseded by a newer card at T without a POST.'),
             ('Put into a digest at T without a POST.')$$, 'each outcome has its words');

-- The steps of retries are those that a card has.
CREATE TEMP TABLE step (n integer, wait interval);
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:ann, '{"text": "4"}') AS c4 \gset
RESET SESSION AUTHORIZATION;
SELECT o365_programs.worker_feed() \g /dev/null
DO $$
DECLARE
    v_s bigint := (SELECT max(o.subscription_id) FROM o365_internal.outbox AS o JOIN o365_internal.subscription AS s
        ON s.subscription_id = o.subscription_id AND s.status = 'active');
    v_w integer := (SELECT max(w.worker_id) FROM o365_internal.worker AS w);
BEGIN
    FOR n IN 1 .. 12 LOOP
        PERFORM pg_temp.lease_again(v_s, v_w);
        PERFORM pg_temp.fail(v_s, v_w, 'retry', 503, 'HTTP 503');
        INSERT INTO step SELECT n, l.not_before - clock_timestamp() FROM o365_internal.lane AS l
            WHERE l.subscription_id = v_s;
    END LOOP;
END $$;
SELECT is((SELECT count(*) FROM step AS s JOIN o365.retry_schedule() AS r ON r.outcome = 'retry' AND r.retry = s.n
            WHERE s.wait BETWEEN r.wait_least - interval '1 second' AND r.wait_most), 12::bigint,
    'a card that fails waits as retry_schedule says');
SELECT results_eq('SELECT r.retry, r.wait_least, r.wait_most FROM o365.retry_schedule() AS r '
                  'WHERE r.outcome = ''in_doubt''',
    $$VALUES (1, interval '2.5 seconds', interval '5 seconds'), (2, '30 seconds', '60 seconds'),
        (3, '6 minutes', '12 minutes')$$, 'after lost answers as docs/delivery.md says');
SELECT ok((SELECT max(r.after_least) >= interval '24 hours'
    AND max(r.after_least) FILTER (WHERE r.retry < m.n) < interval '24 hours'
             FROM o365.retry_schedule() AS r, (SELECT max(x.retry) AS n FROM o365.retry_schedule() AS x
                 WHERE x.outcome = 'retry') AS m WHERE r.outcome = 'retry'), 'its rows end where a card is given up');
SELECT * FROM finish();
