-- A restored database: what waits in it is handed to the lanes anew, in steps that are committed, whatever its size.
-- Commits, as delivery.sql does.
\ir fixtures/setup.sql
SELECT no_plan();
SELECT pg_temp.connect('ann') AS ann \gset
SELECT (o365_programs.worker_start('w1', 'test', 'production') ->> 'worker')::integer AS w1 \gset
-- More cards than a step looks at; the lane of ann has more of them than that alone.
CREATE TEMP TABLE crowd AS SELECT nextval('o365_internal.subscription_subscription_id_seq') AS id, i
    FROM generate_series(1, 400) AS i;
INSERT INTO o365_internal.subscription (subscription_id, connector_id, app_user, dialect, webhook_host, webhook_index,
    status)
    SELECT c.id, s.connector_id, s.app_user, s.dialect, s.webhook_host, sha256(convert_to(c.i::text, 'UTF8')), 'active'
      FROM crowd AS c, o365_internal.subscription AS s WHERE s.subscription_id = :ann;
INSERT INTO o365_internal.lane (subscription_id) SELECT c.id FROM crowd AS c;
SELECT max(c.id) AS last FROM crowd AS c \gset
CREATE FUNCTION pg_temp.send(s bigint, n integer DEFAULT 1) RETURNS bigint LANGUAGE sql AS $$
    INSERT INTO o365_internal.outbox (card_id, position, subscription_id, card)
        SELECT x.id, x.id, s, '{"text": "x"}'
          FROM (SELECT nextval('o365_internal.card_id') AS id FROM generate_series(1, n)) AS x;
    SELECT currval('o365_internal.card_id') $$;
SELECT pg_temp.send(:ann, 7000) \g /dev/null
SELECT count(pg_temp.send(c.id, 10)) FROM crowd AS c \g /dev/null
-- What a dump of a busier cluster leaves: higher transaction ids, lanes that were leased, and a queue that was never
-- fed.
UPDATE o365_internal.outbox SET xid = '9000000';
UPDATE o365_internal.fed SET cluster = 1, snap = '9000000:9000000:' WHERE n = (SELECT max(n) FROM o365_internal.fed);
UPDATE o365_internal.lane SET worker = 1000, lease_no = 7, lease_until = now() + interval '1 hour',
    next_at = now() + interval '1 hour', cursor = 99999999
 WHERE subscription_id = :last;
SELECT matches((o365_programs.worker_heartbeat(:w1, 'production') ->> 'why'), 'made anew', 'a heartbeat notices it');
SELECT o365.this_is('production') \g /dev/null
SELECT is((SELECT count(*) FROM o365_internal.outbox AS o WHERE o.xid <> '9000000'), 0::bigint,
    'and leaves the cards to the rounds');
SELECT is((o365_programs.worker_outlook() ->> 'unfed')::boolean, true, '--once knows that there is more to do');
SELECT is((SELECT count(*) FROM o365_programs.worker_lease(:w1, '-infinity', 1000)), 0::bigint,
    'nothing is claimed before it has been handed over');
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is((SELECT count(*) FROM o365_internal.outbox AS o WHERE o.xid <> '9000000'), 5000::bigint,
    'a round looks at 5000 cards');
SELECT is((SELECT count(*) FROM o365_programs.worker_lease(:w1, '-infinity', 1000)), 0::bigint,
    'a lane with more is not claimed before all of them are handed over');
SELECT pg_temp.send(:last) AS newer \gset
SELECT o365_programs.worker_feed() \g /dev/null
SELECT ok(l.next_at IS NOT NULL, 'new cards are fed meanwhile') FROM o365_internal.lane AS l
 WHERE l.subscription_id = :last;
UPDATE o365_internal.lane SET next_at = clock_timestamp(), worker = NULL WHERE subscription_id = :last;
CREATE TEMP TABLE claimed AS SELECT c.* FROM pg_temp.claim(:w1, '-infinity', 1000, 10) AS c;
SELECT is((SELECT count(DISTINCT c.subscription_id) FROM claimed AS c WHERE c.position IS NOT NULL), 300::bigint,
    'lanes that it has come to send');
SELECT is((SELECT count(*) FROM claimed AS c WHERE c.subscription_id = :last), 0::bigint,
    'a lane that it has not come to gives nothing, also what is new');
SELECT is((SELECT count(*) FROM claimed AS c WHERE c.position IS NULL), 0::bigint, 'and none comes in vain');
UPDATE o365_internal.feeding_again SET at = now() - interval '2 minutes';
SELECT matches((SELECT h.problem FROM o365.health() AS h WHERE h.code = 'feeding_behind'),
    'was restored: its waiting cards have been handed to the lanes again since .* subscription \d+$',
    'health says how far it is');
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is_empty('SELECT FROM o365_internal.feeding_again', 'the last round ends it');
SELECT is_empty($$SELECT FROM o365_internal.outbox AS o WHERE o.xid = '9000000'$$,
    'when all cards have been handed over');
SELECT results_eq(format(
    'SELECT c.position FROM pg_temp.claim(%s, ''-infinity'', 1000, 100) AS c WHERE c.subscription_id = %s', :w1, :last),
    format('SELECT o.position FROM o365_internal.outbox AS o WHERE o.subscription_id = %s ORDER BY 1', :last),
    'what was sent first leaves first');
SELECT is((SELECT l.lease_no FROM o365_internal.lane AS l WHERE l.subscription_id = :last), 9::bigint,
    'under a new lease: whoever had one in the other cluster is refused');
SELECT is((SELECT max(c.position) FROM claimed AS c WHERE c.subscription_id = :ann), (SELECT min(o.position) + 9
    FROM o365_internal.outbox AS o WHERE o.subscription_id = :ann), 'so it does in the long lane');
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(o365_programs.worker_feed(), 0, 'and then nothing is new');
SELECT is_empty($$SELECT FROM o365.health() AS h WHERE h.code IN ('feeding_behind', 'lanes_stuck')$$,
    'health has nothing to say');
DELETE FROM o365_internal.outbox;
UPDATE o365_internal.lane SET next_at = NULL, worker = NULL, lease_until = NULL;

-- Cards that were sent here before a worker came, in a transaction that is still open when everything is fed again, and
-- after.
SELECT (SELECT pg_snapshot_xmax(f.snap) FROM o365_internal.fed AS f ORDER BY f.n DESC LIMIT 1) AS xmax \gset
SELECT pg_temp.send(:ann) AS before \gset
UPDATE o365_internal.fed SET cluster = 1;
SELECT o365_programs.worker_heartbeat(:w1, 'production') \g /dev/null
SELECT pg_temp.send(:ann) AS after \gset
SELECT o365_programs.worker_feed() \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT results_eq(format('SELECT c.position FROM pg_temp.claim(%s, ''-infinity'', 10, 10) AS c', :w1),
    format('VALUES (%s::bigint), (%s)', :before, :after),
    'what was sent here before and after leaves, each once and in order');
DELETE FROM o365_internal.outbox;
UPDATE o365_internal.lane SET next_at = NULL, worker = NULL, lease_until = NULL;

-- Ids ahead of this cluster's, of the same name, which have been passed before any worker asked.
SELECT pg_temp.send(:ann) AS card \gset
UPDATE o365_internal.known_database SET tables = '{1,2}';
INSERT INTO o365_internal.fed (snap, cluster) SELECT pg_current_snapshot(), o365_internal.cluster_id();
SELECT is(o365_internal.is_restored(), false, 'a copy whose transaction ids have been passed looks like the original');
SELECT o365.this_is('production') \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is((SELECT c.position FROM pg_temp.claim(:w1, '-infinity', 10, 10) AS c), :card::bigint,
    'all the same, what waits in it leaves once it is told what it is');
DELETE FROM o365_internal.outbox;
UPDATE o365_internal.lane SET next_at = NULL, worker = NULL, lease_until = NULL;
SELECT lease_no AS before FROM o365_internal.lane WHERE subscription_id = :ann \gset
SELECT o365.this_is('production') \g /dev/null
SELECT is_empty('SELECT FROM o365_internal.feeding_again', 'in the database that it knows nothing is fed again');
SELECT * FROM finish();
