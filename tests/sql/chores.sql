-- Housekeeping: no role can stop it, one chore that fails stops no other, and the history's partitions come and go
-- whatever readers and reports do. Commits, because other sessions hold locks meanwhile; they are reached through
-- dblink.
\ir fixtures/setup.sql
CREATE EXTENSION IF NOT EXISTS dblink WITH SCHEMA public;
SELECT no_plan();
SET timezone = 'UTC';
SELECT (o365_programs.worker_start('w1', 'test', 'production') ->> 'worker')::integer AS w \gset
CREATE FUNCTION pg_temp.rows(of_table text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_n bigint;
BEGIN
    EXECUTE 'SELECT count(*) FROM o365_internal.' || of_table INTO v_n;
    RETURN v_n;
END $$;
CREATE FUNCTION pg_temp.partitions(of_table text) RETURNS text[] LANGUAGE sql AS $$
    SELECT array_agg(replace(c.relname, of_table || '_', '') ORDER BY 1) FROM pg_inherits AS i
      JOIN pg_class AS c ON c.oid = i.inhrelid
     WHERE i.inhparent = ('o365_internal.' || of_table)::regclass $$;
CREATE FUNCTION pg_temp.day(n integer) RETURNS text LANGUAGE sql AS $$ SELECT to_char(current_date + n, 'YYYYMMDD') $$;
CREATE FUNCTION pg_temp.forget_partitions() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    v_table text;
BEGIN
    FOR v_table IN SELECT i.inhrelid::regclass::text FROM pg_inherits AS i
                    WHERE i.inhparent IN ('o365_internal.delivery'::regclass, 'o365_internal.attempt'::regclass)
                      AND i.inhrelid::regclass::text ~ '[0-9]{8}$' LOOP
        EXECUTE 'DROP TABLE ' || v_table;
    END LOOP;
    DELETE FROM o365_internal.delivery;
    DELETE FROM o365_internal.attempt;
END $$;
CREATE FUNCTION pg_temp.put(days_ago integer, n integer DEFAULT 1) RETURNS void LANGUAGE sql AS $$
    INSERT INTO o365_internal.delivery (at, card_id, subscription_id, outcome, enqueued_at)
        SELECT now() - make_interval(days => days_ago), i, 1, 'delivered', now() FROM generate_series(1, n) AS i $$;
SELECT dblink_connect('other', format('host=%s dbname=%s user=stranger application_name=reader',
    current_setting('unix_socket_directories'), current_database())) \g /dev/null
SELECT dblink_connect('dba', format('host=%s dbname=%s user=postgres application_name=reader',
    current_setting('unix_socket_directories'), current_database())) \g /dev/null

-- No role can stop it.
SELECT dblink_exec('other',
    'DO $x$ BEGIN PERFORM pg_advisory_lock(hashtext(s || ''.worker_chores'')) FROM unnest(ARRAY[''o365'', '
    '''o365_programs'']) AS s; END $x$') \g /dev/null
SELECT pg_temp.forget_partitions() \g /dev/null
SELECT is(o365_programs.worker_chores(:w), 'made 3 partitions of attempt',
    'an advisory lock of another role does not stop the chores');
SELECT is_empty($$SELECT r.rolname FROM pg_roles AS r WHERE NOT r.rolsuper AND r.rolname !~ '^(o365_owner|pg_)'
    AND has_table_privilege(r.oid, 'o365_internal.turn_to_tidy', 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')$$,
    'and no role has a privilege by which it could lock the table that decides');
SELECT is(o365_programs.worker_chores(:w), 'made 3 partitions of delivery',
    'the history''s tables are changed one in a call: locks of both could meet a reader''s');
BEGIN;
LOCK TABLE o365_internal.turn_to_tidy IN SHARE ROW EXCLUSIVE MODE;
SELECT is(dblink_connect('second', format('host=%s dbname=%s user=o365_worker',
    current_setting('unix_socket_directories'), current_database())), 'OK', 'another worker comes');
SELECT is((SELECT t.said FROM dblink('second', 'SELECT o365_programs.worker_chores(1)') AS t (said text)), '',
    'while one is at it the others do nothing');
COMMIT;

-- One that fails stops no other.
ALTER FUNCTION o365_internal.sweep_actions() RENAME TO sweep_nothing;
SELECT pg_temp.forget_partitions() \g /dev/null
INSERT INTO o365_internal.ticket (ticket_hash, connector_id, app_user, expires_at)
    SELECT '\x01', c.connector_id, 'ann', now() - interval '2 days' FROM o365_internal.connector AS c;
SELECT is(o365_programs.worker_chores(:w),
    'could not end card actions: function o365_internal.sweep_actions() does not exist, made 3 partitions of attempt',
    'a chore that fails is told, and those after it are done');
SELECT is(pg_temp.rows('ticket'), 0::bigint, 'all of them');
SELECT is_empty($$SELECT 1 FROM o365.health() AS h WHERE h.code = 'chores_fail'$$,
    'a chore that failed once is no matter of health');
UPDATE o365_internal.chore SET done_at = now() - interval '1 hour';
SELECT o365_programs.worker_chores(:w) \g /dev/null
SELECT is(ARRAY(SELECT h.object || ' ' || h.problem FROM o365.health() AS h WHERE h.code = 'chores_fail'),
    ARRAY[format(
        'chore end card actions could not be done since %s: function o365_internal.sweep_actions() does not exist',
                 (SELECT to_char(c.done_at, 'YYYY-MM-DD HH24:MI') FROM o365_internal.chore AS c
                     WHERE c.name = 'end card actions'))], 'one that keeps failing is');
ALTER FUNCTION o365_internal.sweep_nothing() RENAME TO sweep_actions;
SELECT is(o365_programs.worker_chores(:w), '', 'the next minute does it');
SELECT is_empty($$SELECT 1 FROM o365.health() AS h WHERE h.code = 'chores_fail'$$, 'and health is clean');
UPDATE o365_internal.chore SET done_at = now() - interval '1 hour';
UPDATE o365_internal.worker SET started_at = now() - interval '1 hour';
SELECT ok(count(*) = 1, 'chores that nobody does are one row of health, while a worker is alive')
  FROM o365.health() AS h WHERE h.code = 'chores_fail';
SELECT o365_programs.worker_chores(:w) \g /dev/null

-- A default partition that holds today's rows: every chore failed every minute, for as long as reports came.
SELECT pg_temp.forget_partitions() \g /dev/null
SELECT pg_temp.put(0, 10), pg_temp.put(2, 10), pg_temp.put(5, 10), pg_temp.put(40, 10),
       o365_programs.worker_chores(:w) \g /dev/null
SELECT is(pg_temp.rows('delivery_default'), 40::bigint, 'rows without a partition lie in the default partition');
SELECT is(o365_programs.worker_chores(:w), 'moved 3 days from delivery_default into partitions, '
                                           'made 2 partitions of delivery, deleted 10 rows of delivery_default',
    'every day in it is moved, and what is too old is deleted');
SELECT is(pg_temp.rows('delivery_default'), 0::bigint, 'it is empty then');
SELECT is(pg_temp.rows('delivery'), 30::bigint, 'and no other row is lost');
SELECT is(pg_temp.partitions('delivery'), ARRAY['default', pg_temp.day(-5), pg_temp.day(-2), pg_temp.day(0),
    pg_temp.day(1), pg_temp.day(2)], 'each day has its partition');

-- A full one is not moved row by row, because reports wait meanwhile.
SELECT pg_temp.forget_partitions() \g /dev/null
SELECT pg_temp.put(0, 40000), pg_temp.put(2, 20000), o365_programs.worker_chores(:w) \g /dev/null
SELECT is(o365_programs.worker_chores(:w), format('made delivery_%s of delivery_default, made 2 partitions of delivery',
    pg_temp.day(0)), 'a default partition with more than 50,000 rows becomes the partition of its days');
SELECT is(pg_temp.rows('delivery_default') || ' ' || pg_temp.rows('delivery_' || pg_temp.day(0)), '0 60000',
    'with all of them');
SELECT pg_temp.put(1) \g /dev/null
SELECT is(pg_temp.rows('delivery_default'), 0::bigint, 'a day between them has its place there');
SELECT is(o365_programs.worker_chores(:w), '', 'and nothing is left to do');
SELECT pg_temp.forget_partitions() \g /dev/null
SET ROLE o365_owner;
SELECT o365_internal.make_partition('delivery', current_date - 1) \g /dev/null
RESET ROLE;
SELECT pg_temp.put(0, 60000), pg_temp.put(2, 10), o365_programs.worker_chores(:w) \g /dev/null
SELECT is(o365_programs.worker_chores(:w), 'moved 1 day from delivery_default into partitions and left '
                                           '1 day there, each with more than 50000 rows, made 2 partitions of delivery',
    'where a partition lies between its days, a full day stays until it is too old');
SELECT pg_temp.put(0) \g /dev/null
SELECT is(pg_temp.rows('delivery_default'), 60001::bigint, 'and takes the rest of its rows');

-- A reader that keeps the history open.
SELECT pg_temp.forget_partitions() \g /dev/null
SET ROLE o365_owner;
SELECT o365_internal.make_partitions(2) \g /dev/null
SELECT o365_internal.make_partition('delivery', current_date - d) FROM unnest(ARRAY[31, 32, 40]) AS d \g /dev/null
RESET ROLE;
SELECT pg_temp.put(31, 3), pg_temp.put(32, 3), pg_temp.put(40, 25000) \g /dev/null
SELECT dblink_exec('dba', 'BEGIN'),
       dblink_exec('dba', 'DO $x$ BEGIN PERFORM count(*) FROM o365.deliveries; END $x$') \g /dev/null
SELECT pg_temp.put(0) \g /dev/null
SELECT matches(o365_programs.worker_chores(:w), format('^left delivery_%s for later: process \d+ \(reader, role '
                                                       'postgres\) has it open, deleted 10000 rows of delivery_%1$s$',
    pg_temp.day(-40)), 'a partition that somebody reads is not dropped: its rows are deleted, some each minute');
SELECT o365_programs.worker_chores(:w), o365_programs.worker_chores(:w) \g /dev/null
SELECT is(pg_temp.rows('delivery_' || pg_temp.day(-40)), 0::bigint, 'until it is empty');
SELECT matches(o365_programs.worker_chores(:w), format('deleted 3 rows of delivery_%s$', pg_temp.day(-32)),
    'and then those of the next one');
SELECT is(pg_temp.rows('delivery_' || pg_temp.day(-31)), 3::bigint,
    'but not yet of what was to be dropped today: a dump ends by itself');
SELECT is_empty($$SELECT 1 FROM o365.health() AS h WHERE h.code = 'chores_fail'$$,
    'retention goes on, so health has nothing to say');
SELECT pg_temp.put(-3) \g /dev/null
SELECT matches(o365_programs.worker_chores(:w), 'could not empty default partition of delivery: process '
                                                '\d+ \(reader, role postgres\) has the history of deliveries open, ',
    'what cannot be done says who is in the way');
SELECT dblink_exec('dba', 'COMMIT') \g /dev/null
SELECT is(o365_programs.worker_chores(:w), format(
    'moved 1 day from delivery_default into partitions, dropped delivery_%s, dropped delivery_%s, dropped delivery_%s',
    pg_temp.day(-40), pg_temp.day(-32), pg_temp.day(-31)), 'when the reader ends, all of it is done');
SELECT * FROM finish();
