-- Which database this is: a copy, a restored dump and a moved cluster are told apart (F50). Commits, as delivery.sql
-- does.
\ir fixtures/setup.sql
SELECT no_plan();
SELECT pg_temp.connect('bob') AS bob \gset
SELECT (o365_programs.worker_start('w1', 'test', 'production') ->> 'worker')::integer AS w1 \gset
\ir fixtures/rounds.sql

-- ---- which database this is (F50) ----
SELECT is((o365_programs.worker_heartbeat(:w1, 'production') ->> 'sends')::boolean, true,
    'the database that was told sends');
CREATE FUNCTION pg_temp.why() RETURNS text LANGUAGE sql AS $$
    SELECT o365_programs.worker_heartbeat(0, 'production') ->> 'why' $$;
SELECT is(pg_temp.why(), NULL, 'and gives no reason not to');
CREATE TEMP TABLE known AS SELECT * FROM o365_internal.known_database;
UPDATE o365_internal.known_database SET database = 1, name = 'shop';
SELECT matches(pg_temp.why(), 'may be a copy of database shop.*TEMPLATE.*select o365.this_is\(''production''\)',
    'F50: one made from a template asks');
SELECT is((o365_programs.worker_heartbeat(:w1, 'production') ->> 'sends')::boolean, false, 'F50: and sends nothing');
SELECT matches((SELECT h.next_step FROM o365.health() AS h WHERE h.object LIKE 'database o365%'
    AND h.problem LIKE '%may be a copy of%'), 'o365.this_is', 'F50: health says what to do');
UPDATE o365_internal.known_database AS d SET database = k.database, name = k.name, tables = '{1,2}' FROM known AS k;
SELECT matches(pg_temp.why(), 'tables were made anew', 'F50: one into which a dump was restored asks');
UPDATE o365_internal.known_database AS d SET tables = k.tables, name = 'shop' FROM known AS k;
SELECT is(pg_temp.why(), NULL, 'one that was renamed does not');
UPDATE o365_internal.known_database AS d SET name = k.name, cluster = 1, database = 1 FROM known AS k;
SELECT is(pg_temp.why(), NULL,
    'nor one that pg_upgrade moved: another cluster, even another id, but the same name and tables');
UPDATE o365_internal.known_database AS d SET name = 'shop', cluster = 1 FROM known AS k;
SELECT matches(pg_temp.why(), 'another cluster and has another name', 'F50: another cluster and another name ask');
UPDATE o365_internal.known_database SET cluster = NULL, tables = '{1,2}';
SELECT matches(pg_temp.why(), 'made anew', 'F50: a restored dump is noticed where the cluster has no known name');
SELECT is(o365.this_is('staging'), 'staging', 'F50: this_is says what it is');
SELECT is((o365_programs.worker_heartbeat(:w1, 'staging') ->> 'sends')::boolean, true, 'F50: and it sends as that');
SELECT matches(pg_temp.why(), 'configured for environment production, the database for staging', 'F50: not as another');
SELECT throws_ok($$SELECT o365.this_is('No such!')$$, '22023', NULL, 'which is a name of an environment');
SELECT o365.this_is('production') \g /dev/null

-- ---- restored with lower transaction ids, and without its sequences ----
SELECT pg_temp.send(:bob, 3) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT c.lease_no AS l, min(c.position) AS p FROM pg_temp.claim(:w1, '-infinity', 10, 10) AS c
 WHERE c.subscription_id = :bob GROUP BY 1 \gset
UPDATE o365_internal.fed SET snap = '9000000:9000000:' WHERE n = (SELECT max(n) FROM o365_internal.fed);
UPDATE o365_internal.outbox SET xid = '8999999';
SELECT setval('o365_internal.card_id', 1), setval('o365_internal.subscription_subscription_id_seq', 1) \g /dev/null
SELECT matches(o365_programs.worker_heartbeat(:w1, 'production') ->> 'why', 'made anew',
    'lower transaction ids under the same names: only the data were moved here, so it asks');
SELECT o365.this_is('production') \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is((SELECT min(c.position) FROM pg_temp.claim(:w1, '-infinity', 10, 10) AS c WHERE c.subscription_id = :bob),
    :p::bigint, 'what waits is handed to the lanes anew');
SELECT is(pg_temp.report(:w1, :bob, :l, :p, 'delivered'), 0, 'and who had a lease before is refused');
SELECT ok(nextval('o365_internal.card_id') > :p, 'no card_id is given out twice');
SELECT ok(nextval('o365_internal.subscription_subscription_id_seq') > (SELECT max(s.subscription_id)
    FROM o365_internal.subscription AS s), 'nor a number of a subscription');
SELECT is(o365_internal.advance_sequences(), 0, 'sequences that are right are left alone');
SELECT is_empty('SELECT FROM o365_internal.feeding_again', 'it is done once');
SELECT is(o365_internal.is_restored(), false, 'and is not needed again');

-- ---- rows that came by logical replication, without the sequences, and an application that sends before a worker ----
SELECT max(o.card_id) AS last FROM o365_internal.outbox AS o \gset
CREATE FUNCTION pg_temp.number_after(known text) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE known;
    PERFORM setval('o365_internal.card_id', 1);
    PERFORM o365.this_is('production');
    RETURN nextval('o365_internal.card_id');
END $$;
SELECT ok(pg_temp.number_after($$UPDATE o365_internal.known_database SET tables = '{1,2}'$$) > :last,
    'after this_is no card_id is given out twice, where the schema was copied');
SELECT ok(pg_temp.number_after('SELECT 1') > :last, 'nor where it was installed');
SELECT * FROM finish();
