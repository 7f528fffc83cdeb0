-- What operators ask: the views say what the tables hold, to each session what is its own, and are read by index.
\ir fixtures/setup.sql
SELECT no_plan();
SELECT pg_temp.connect('ann') AS ann, pg_temp.connect('bob') AS bob \gset
SELECT o365.register_connector('other', 'Other', pg_temp.logo(), 'short', 'long', 'https://other.example',
    ARRAY['one']) \g /dev/null
SELECT (o365_programs.worker_start('w1', 'test', 'production') ->> 'worker')::integer AS w1 \gset
INSERT INTO o365_internal.delivery (at, card_id, subscription_id, outcome, reason, enqueued_at, lease_no, worker,
    rule_id, http_status, took_ms)
    SELECT now() - make_interval(mins => i), i, :ann, CASE WHEN i % 10 = 0 THEN 'dead' ELSE 'delivered' END, CASE
        WHEN i % 10 = 0 THEN 'gave up' END,
           now() - make_interval(mins => i + 5), 1, :w1, CASE WHEN i % 10 = 0 THEN 230 ELSE 100 END, CASE
               WHEN i % 10 = 0 THEN 503 ELSE 200 END, 7
      FROM generate_series(1, 50) AS i;
-- A card that was given up after two POSTs without one of its own, and one that was cancelled.
INSERT INTO o365_internal.delivery (card_id, subscription_id, outcome, reason, enqueued_at)
    VALUES (100, :bob, 'dead', 'gave up after 2 tries', now() - interval '1 hour'), (101, :bob, 'cancelled', 'removed',
        now() - interval '1 hour');
INSERT INTO o365_internal.attempt (at, card_id, subscription_id, lease_no, worker, outcome, rule_id, http_status,
    took_ms)
    VALUES (now() - interval '50 minutes', 100, :bob, 1, :w1, 'retry', 230, 502, 5), (now() - interval '20 minutes',
        100, :bob, 2, :w1, 'retry', 240, 408, 6),
           (now() - interval '22 minutes', 20, :ann, 1, :w1, 'retry', 230, 503, 6);
ANALYZE o365_internal.delivery, o365_internal.attempt, o365_internal.subscription;

SELECT results_eq($$SELECT d.card_id, d.attempts, d.http_status, d.rule FROM o365.deliveries AS d
    WHERE d.card_id IN (10, 20, 100, 101) ORDER BY 1$$,
    $$VALUES (10::bigint, 1::bigint, 503, 'the far end failed'),
        (20, 2, 503, 'the far end failed'), (100, 2, 408, 'timed out there'), (101, 0, NULL, NULL)$$,
    'a card''s end says how many POSTs it took and how the last one was read');
SELECT is((SELECT count(*) FROM o365.posts), 53::bigint,
    'each POST is an attempt, those that ended a card too; what ended without one is none');
SELECT results_eq('SELECT a.card_id FROM o365.posts AS a LIMIT 3', 'VALUES (1::bigint), (2), (3)', 'newest first');

-- Counted by the hour.
CREATE FUNCTION pg_temp.counts() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s %s', o.outcome, o.n), ', ' ORDER BY o.outcome)
      FROM (SELECT outcome, sum(cards) AS n FROM o365.outcomes GROUP BY 1) AS o $$;
UPDATE o365_internal.counted SET until = now() - interval '2 hours';
SELECT is(pg_temp.counts(), 'cancelled 1, dead 6, delivered 45', 'ends are counted before any chore has done it');
SELECT o365_programs.worker_chores(:w1) \g /dev/null
SELECT ok((SELECT sum(h.cards) FROM o365_internal.outcome_hour AS h) > 0, 'the chore counts');
SELECT is(pg_temp.counts(), 'cancelled 1, dead 6, delivered 45', 'each end once');
-- A report that stays open: its rows are older than those that others commit meanwhile.
CREATE EXTENSION IF NOT EXISTS dblink WITH SCHEMA public;
SELECT dblink_connect('slow', format('host=%s dbname=%s', current_setting('unix_socket_directories'),
           current_database())),
       dblink_exec('slow', 'BEGIN'),
       dblink_exec('slow', format('INSERT INTO o365_internal.delivery (card_id, subscription_id, outcome, enqueued_at) '
                                  'VALUES (200, %s, ''dead'', now())', :ann)) \g /dev/null
INSERT INTO o365_internal.delivery (card_id, subscription_id, outcome, enqueued_at) VALUES (201, :ann, 'dead', now());
SELECT o365_programs.worker_chores(:w1) \g /dev/null
SELECT o365_programs.worker_chores(:w1) \g /dev/null
SELECT o365_programs.worker_chores(:w1) \g /dev/null
SELECT dblink_exec('slow', 'COMMIT') \g /dev/null
SELECT o365_programs.worker_chores(:w1) \g /dev/null
SELECT o365_programs.worker_chores(:w1) \g /dev/null
SELECT is(pg_temp.counts(), 'cancelled 1, dead 8, delivered 45', 'what a report commits late is counted all the same');
SELECT ok((SELECT u.until FROM o365_internal.counted AS u) > (SELECT max(d.at) FROM o365_internal.delivery AS d),
    'by the chore');

-- Each session sees its own.
SET SESSION AUTHORIZATION shop;
SELECT is((SELECT count(*) FROM o365.deliveries) || ' ' || (SELECT count(*) FROM o365.posts) || ' '
    || (SELECT sum(cards) FROM o365.outcomes), '54 53 54', 'an application sees what its connectors sent');
SET SESSION AUTHORIZATION stranger;
SELECT is((SELECT count(*) FROM o365.deliveries) + (SELECT count(*) FROM o365.posts) + (SELECT count(*)
    FROM o365.outcomes), 0::bigint, 'and nothing of others');
SET SESSION AUTHORIZATION keeper;
SELECT is((SELECT count(*) FROM o365.deliveries) || ' ' || (SELECT count(*) FROM o365.posts), '54 53',
    'an operator sees all');
RESET SESSION AUTHORIZATION;

-- Plans. What makes a question slow at a million is a sort, a scan, or a look at each row's attempts.
CREATE FUNCTION pg_temp.plan(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_line text;
    v_plan text := '';
BEGIN
    FOR v_line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
        v_plan := v_plan || v_line || E'\n';
    END LOOP;
    RETURN v_plan;
END $$;
SET enable_seqscan = off;   -- the tables are tiny here
SELECT unalike(pg_temp.plan('SELECT * FROM o365.posts LIMIT 20'), '%Sort  (%',
    'the newest attempts are merged by index');
SELECT alike(pg_temp.plan('SELECT * FROM o365.posts LIMIT 20'), '%Merge Append%', 'of both tables');
SELECT unalike(pg_temp.plan('SELECT outcome, count(*) FROM o365.deliveries GROUP BY outcome'), '%attempt%',
    'who counts deliveries pays for no attempts');
SELECT unalike(pg_temp.plan('SELECT outcome, count(*) FROM o365.deliveries GROUP BY outcome'), '%Join%',
    'and for no join');
SELECT ok(bool_and(pg_get_indexdef(to_regclass('o365_internal.' || m[1])) LIKE '%WHERE%outcome%'),
    'failures are found in an index of their own')
  -- As history is walked: of few subscriptions it is read by those.
  FROM regexp_matches(pg_temp.plan('SELECT * FROM o365.deliveries WHERE outcome = ''dead'''),
      'using (delivery_\S+) on \S+ w', 'g') AS m;
SELECT unalike(pg_temp.plan('SELECT * FROM o365.subscriptions WHERE status = ''suspended'''),
    '%Seq Scan on subscription%', 'connections by status too');
RESET enable_seqscan;

-- Who has few rows reads few, whatever the others have: an application with two connections, one without any.
INSERT INTO o365_internal.delivery (at, card_id, subscription_id, outcome, enqueued_at, lease_no, worker, rule_id,
    http_status, took_ms)
    SELECT now() - make_interval(secs => i), 1000 + i, :ann, 'delivered', now(), 1, :w1, 100, 200, 7
      FROM generate_series(1, 30000) AS i;
INSERT INTO o365_internal.attempt (at, card_id, subscription_id, lease_no, worker, outcome, rule_id, http_status,
    took_ms)
    SELECT now() - make_interval(secs => i), 1000 + i, :ann, 1, :w1, 'retry', 230, 503, 7
      FROM generate_series(1, 30000) AS i;
INSERT INTO o365_internal.card_warning (card_id, subscription_id, warnings, at)
    SELECT 1000 + i, :ann, '[{"path": "$.text", "problem": "p", "hint": "h"}]', now() - make_interval(secs => i)
      FROM generate_series(1, 30000) AS i;
INSERT INTO o365_internal.card_warning (card_id, subscription_id, warnings)
    VALUES (100, :bob, '[{"path": "$.text", "problem": "p", "hint": "h"}]');
UPDATE o365_internal.subscription SET connector_id = (SELECT c.connector_id FROM o365_internal.connector AS c
    WHERE c.slug = 'other')
 WHERE subscription_id = :bob;
INSERT INTO o365_internal.event (at, kind, actor, connector_id, subscription_id)
    SELECT now() - make_interval(secs => i), 'paused', 'user', s.connector_id, s.subscription_id
      FROM o365_internal.subscription AS s, generate_series(1, 30000) AS i WHERE s.subscription_id = :ann;
ANALYZE o365_internal.delivery, o365_internal.attempt, o365_internal.card_warning, o365_internal.subscription,
    o365_internal.event;
DO $$ BEGIN IF to_regrole('small') IS NULL THEN CREATE ROLE small LOGIN; END IF; END $$;
SELECT o365.grant_application('small', 'other') \g /dev/null
CREATE TEMP TABLE asked (who name, question text, own bigint);
INSERT INTO asked VALUES
    ('small', 'SELECT card_id, outcome, reason, attempts, rule FROM o365.deliveries ORDER BY at DESC LIMIT 20', 2),
    ('small', 'SELECT * FROM o365.posts LIMIT 20', 2), ('small', 'SELECT * FROM o365.card_warnings LIMIT 20', 1),
    ('small', format('SELECT * FROM o365.deliveries WHERE subscription_id = %s LIMIT 20', :bob), 2),
    ('small', 'SELECT * FROM o365.posts WHERE at > now() - interval ''1 day''', 2),
    ('stranger', 'SELECT card_id, outcome, reason, attempts, rule FROM o365.deliveries ORDER BY at DESC LIMIT 20', 0),
    ('stranger', 'SELECT * FROM o365.posts LIMIT 20', 0), ('stranger', 'SELECT * FROM o365.card_warnings LIMIT 20', 0),
    ('shop', 'SELECT * FROM o365.deliveries LIMIT 20', 20), ('shop', 'SELECT * FROM o365.posts LIMIT 20', 20),
    ('shop', 'SELECT * FROM o365.card_warnings LIMIT 20', 20),
    ('keeper', 'SELECT * FROM o365.deliveries LIMIT 20', 20), ('keeper', 'SELECT * FROM o365.posts LIMIT 20', 20),
    ('keeper', 'SELECT * FROM o365.card_warnings LIMIT 20', 20),
    ('keeper', format('SELECT * FROM o365.posts WHERE subscription_id = %s LIMIT 20', :bob), 2),
    ('keeper', format('SELECT * FROM o365.card_warnings WHERE subscription_id = %s', :bob), 1);
-- Of each of their connectors it has an event that it was registered.
INSERT INTO asked SELECT a.who, 'SELECT * FROM o365.events LIMIT 20', a.own
    FROM (VALUES ('small', 2), ('stranger', 0), ('shop', 20), ('keeper', 20)) AS a (who, own);
GRANT SELECT ON asked TO PUBLIC;
CREATE FUNCTION pg_temp.rows_read() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS $$
    SELECT sum(s.seq_tup_read + coalesce(s.idx_tup_fetch, 0))::bigint FROM pg_stat_xact_user_tables AS s
     WHERE s.schemaname = 'o365_internal' AND s.relname ~ '^(attempt|delivery|card_warning|subscription|event)' $$;
CREATE FUNCTION pg_temp.ask(who name, question text, OUT own bigint, OUT reads bigint) LANGUAGE plpgsql AS $$
DECLARE
    v_before bigint := pg_temp.rows_read();
BEGIN
    EXECUTE format('SET SESSION AUTHORIZATION %I', who);
    EXECUTE format('SELECT count(*) FROM (%s) AS q', question) INTO own;
    RESET SESSION AUTHORIZATION;
    reads := pg_temp.rows_read() - v_before;
END $$;
-- Of an application with much history it is first found out that it is much: 5000 rows each.
SELECT is(format('%s rows, %s', r.own, CASE WHEN r.reads <= CASE a.who WHEN 'shop' THEN 12000
    ELSE 120 END THEN 'few read' ELSE r.reads || ' read' END),
          format('%s rows, few read', a.own), format('%s: %s', a.who, a.question))
  FROM asked AS a, pg_temp.ask(a.who, a.question) AS r;
SELECT * FROM finish();
