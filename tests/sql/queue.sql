-- F52: why a card waits, in words, with since when and by whom. Commits, because other sessions hold locks meanwhile.
\ir fixtures/setup.sql
CREATE EXTENSION IF NOT EXISTS dblink WITH SCHEMA public;
SELECT no_plan();
SELECT pg_temp.connect('ann') AS ann, pg_temp.connect('bob') AS bob \gset
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:ann, '{"text": "1"}') AS c1, o365.send(:ann, '{"text": "2"}') AS c2 \gset
RESET SESSION AUTHORIZATION;
CREATE FUNCTION pg_temp.why(s bigint) RETURNS text LANGUAGE sql AS $$
    SELECT regexp_replace(q.reason, '\d{4}-\d\d-\d\d \d\d:\d\d', 'T', 'g') FROM o365.queue AS q
     WHERE q.subscription_id = s $$;

-- Workers.
SELECT is(pg_temp.why(:ann), 'no worker has ever run', 'F52: a card waits because there is no worker');
SELECT (o365_programs.worker_start('w1', 'test', 'production') ->> 'worker')::integer AS w1 \gset
SELECT is(pg_temp.why(:ann), 'just sent', 'F52: or because it was sent this moment');
UPDATE o365_internal.outbox SET enqueued_at = now() - interval '1 minute';
SELECT is(pg_temp.why(:ann), 'not handed to its lane: nothing was fed since T',
    'F52: or because nothing was fed since');
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.why(:ann), 'due since T', 'F52: fed it is due, since when');
SELECT ok((SELECT q.next_at <= now() FROM o365.queue AS q), 'and its time has come');
UPDATE o365_internal.worker SET seen_at = now() - interval '16 seconds';
SELECT is(pg_temp.why(:ann), 'no worker since T, when worker w1 was last heard of',
    'F52: a worker that is not heard of for 15 s is gone');
SELECT is((SELECT q.next_at FROM o365.queue AS q), NULL, 'and nobody says when the card will go');
SELECT o365_programs.worker_stop(:w1) \g /dev/null
SELECT is(pg_temp.why(:ann), 'no worker since T, when worker w1 ended in order', 'F52: one that ends in order says so');
SELECT o365_programs.worker_stop(:w1, true) \g /dev/null
SELECT is(pg_temp.why(:ann), 'the next run of o365-worker --once; the last one ended at T',
    'F52: one with --once is not missed at once');
UPDATE o365_internal.worker SET seen_at = now() - interval '6 minutes', stopped_at = now() - interval '6 minutes';
SELECT is(pg_temp.why(:ann), 'no worker since T, when worker w1 ended in order', 'F52: but after five minutes');
SELECT (o365_programs.worker_start('w2', 'test', 'staging') ->> 'worker')::integer AS w2 \gset
SELECT is(pg_temp.why(:ann),
    'no worker of environment production: worker w2 runs since T and is configured for environment staging',
    'F52: a worker of another environment sends nothing');
SELECT o365_programs.worker_heartbeat(:w1, 'production') \g /dev/null
SELECT is(pg_temp.why(:ann), 'due since T', 'F52: a heartbeat is enough to be there again');

-- Locks of other transactions.
UPDATE o365_internal.lane SET next_at = now() - interval '1 minute' WHERE subscription_id = :ann;
SELECT dblink_connect('other', format('host=%s dbname=%s user=keeper application_name=console',
           current_setting('unix_socket_directories'), current_database())),
       dblink_exec('other', 'BEGIN'),
       dblink_exec('other', format('DO $x$ BEGIN PERFORM o365.pause(%s); END $x$', :ann)) \g /dev/null
SELECT matches(pg_temp.why(:ann), '^locked by the open transaction of process \d+ \(console, role keeper\)$',
    'F52: an open transaction that has the lane is named');
SELECT ok((SELECT a.application_name = 'console' FROM pg_stat_activity AS a
    WHERE a.pid = substring(pg_temp.why(:ann) FROM 'process (\d+)')::integer), 'with the number of its process');
SELECT dblink_exec('other', 'ROLLBACK') \g /dev/null
SELECT is(pg_temp.why(:ann), 'due since T', 'F52: and forgotten when it ends');
-- Locked before its cards were fed: the lane has neither time nor pause.
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:bob, '{"text": "1"}') AS c3 \gset
RESET SESSION AUTHORIZATION;
SELECT dblink_exec('other', 'BEGIN'),
       dblink_exec('other', format('DO $x$ BEGIN PERFORM o365.pause(%s); END $x$', :bob)) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT matches(pg_temp.why(:bob), '^locked by the open transaction of process \d+ \(console, role keeper\)$',
    'F52: also where it keeps the card from its lane');
SELECT dblink_exec('other', 'ROLLBACK') \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.why(:bob), 'due since T', 'F52: which is handed over when it ends');
-- Two lockers of one row, and a savepoint.
SELECT dblink_exec('other', 'BEGIN'), dblink_exec('other', 'SAVEPOINT a'),
       dblink_exec('other', format('DO $x$ BEGIN PERFORM o365.pause(%s); END $x$', :bob)),
       dblink_exec('other', 'SAVEPOINT b'),
       dblink_exec('other', format('DO $x$ BEGIN PERFORM o365.resume(%s); END $x$', :bob)) \g /dev/null
UPDATE o365_internal.lane SET next_at = now() - interval '1 minute' WHERE subscription_id = :ann;
SELECT dblink_exec('other', format('DO $x$ BEGIN PERFORM o365.pause(%s); END $x$', :ann)) \g /dev/null
SELECT matches(pg_temp.why(:ann), '^locked by the open transaction of process \d+', 'F52: whatever savepoints it has');
SELECT dblink_exec('other', 'ROLLBACK') \g /dev/null

-- Retries, and what is behind.
UPDATE o365_internal.lane SET failures = 3, failing_since = now() - interval '1 hour', problem = 'HTTP 503',
    next_at = now() + interval '10 minutes' WHERE subscription_id = :ann;
SELECT is(pg_temp.why(:ann), format('card %s failed 3 times since T: HTTP 503; it is tried again at T', :c1),
    'F52: a card that fails is named');
SET SESSION AUTHORIZATION shop;
SELECT results_eq($$SELECT w.card_id, regexp_replace(w.reason, '\d{4}-\d\d-\d\d \d\d:\d\d', 'T', 'g')
    FROM o365.cards AS w WHERE w.app_user = 'ann' ORDER BY 1$$,
    format($$VALUES (%1$s::bigint, 'card %1$s failed 3 times since T: HTTP 503; it is tried again at T'),
                    (%2$s, 'behind card %1$s: card %1$s failed 3 times since T: HTTP 503; it is tried again at T')$$,
        :c1, :c2), 'F52: an application reads why its own card waits, and behind which');
SELECT is((SELECT w.card_id FROM o365.cards AS w WHERE w.app_user = 'ann' LIMIT 1), :c2::bigint, 'the newest first');
SET SESSION AUTHORIZATION stranger;
SELECT is((SELECT count(*) FROM o365.cards) + (SELECT count(*) FROM o365.queue), 0::bigint, 'and nothing of others');
SET SESSION AUTHORIZATION keeper;
SELECT is((SELECT o.card_id FROM o365.oldest_card() AS o), :c1::bigint, 'an operator asks for the oldest one');
SELECT is((SELECT count(*) FROM o365.cards WHERE state = 'waiting'), 3::bigint, 'an operator reads all');
RESET SESSION AUTHORIZATION;
UPDATE o365_internal.lane SET failures = 1 WHERE subscription_id = :ann;
SELECT alike(pg_temp.why(:ann), '% failed once since %', 'once is not 1 times');

-- Held, leased, and stuck.
SELECT o365.pause(:ann) \g /dev/null
SELECT is(pg_temp.why(:ann), format('paused since T; select o365.resume(%s) ends it', :ann),
    'F52: a pause says since when, and what ends it');
SELECT o365.resume(:ann) \g /dev/null
UPDATE o365_internal.subscription SET status = 'suspended', status_reason = 'HTTP 403' WHERE subscription_id = :ann;
UPDATE o365_internal.lane SET why = 'pause', not_before = 'infinity', next_at = NULL WHERE subscription_id = :ann;
SELECT is(pg_temp.why(:ann),
    format('suspended since T: HTTP 403; when the far end works again: select o365.resume(%s)', :ann),
    'F52: and what the worker found');
SELECT o365.resume(:ann) \g /dev/null
SELECT c.lease_no AS l FROM pg_temp.claim(:w1, '-infinity', 10, 1) AS c WHERE c.subscription_id = :ann \gset
SELECT is(pg_temp.why(:ann), 'worker w1 is at it', 'F52: a leased lane names its worker');
UPDATE o365_internal.lane SET next_at = NULL, worker = NULL, lease_until = NULL WHERE subscription_id = :ann;
SELECT is(pg_temp.why(:ann),
    format('its lane lost its time, which is a fault of this program: select o365.pause(%1$s), o365.resume(%1$s)',
        :ann), 'F52: a lane with cards, neither time nor pause says what helps');
SELECT is((SELECT q.waiting FROM o365.queue AS q WHERE q.subscription_id = :ann), 2::bigint, 'its cards are counted');

-- --once asks what is left.
SELECT is(o365_programs.worker_outlook() - 'next_at',
    '{"due": 1, "waiting": 0, "paused": 0, "suspended": 0, "failing": 0, "unfed": false}',
    'what is due is told to --once');
SELECT o365.pause(:ann) \g /dev/null
SELECT is(o365_programs.worker_outlook() ->> 'paused', '1', 'what is paused with cards too');
SELECT * FROM finish();
