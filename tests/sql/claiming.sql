-- worker_claim: feeding, leasing and the first cards in one call, and a look that costs next to nothing while nothing
-- changes.
\ir fixtures/setup.sql
SELECT no_plan();
SELECT pg_temp.connect('ann') AS ann, pg_temp.connect('bob') AS bob \gset
SELECT (o365_programs.worker_start('w1', 'test', 'production') ->> 'worker')::integer AS w1 \gset
CREATE FUNCTION pg_temp.look(w integer, bytes integer DEFAULT 16384) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT concat_ws(' ', 'fed', c.fed, c.subscription_id, c.has_cards, c.card)
      FROM o365_programs.worker_claim(w, '-infinity', 10, 2, 65536, bytes, NULL, NULL) AS c $$;
CREATE FUNCTION pg_temp.send(s bigint, n integer) RETURNS bigint LANGUAGE sql AS $$
    SELECT count(o365.send(s, format('{"text": "%s"}', i)::jsonb)) FROM generate_series(1, n) AS i $$;
CREATE FUNCTION pg_temp.give_back(w integer) RETURNS void LANGUAGE sql AS $$
    SELECT o365_programs.worker_report(w, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}',
        array_agg(l.subscription_id), array_agg(l.lease_no), array_agg(true), array_agg(1))
      FROM o365_internal.lane AS l WHERE l.worker = w $$;

SELECT pg_temp.look(:w1) \g /dev/null
SELECT results_eq(format('SELECT pg_temp.look(%s)', :w1), $$VALUES ('fed 0')$$,
    'nothing to do is one row without a lane');
SELECT is((SELECT count(*) FROM o365_programs.worker_claim(:w1, '-infinity',
    10, 2, 65536, 16384, pg_current_snapshot()::text, now() + interval '1 hour')), 0::bigint,
    'while no transaction has ended there is no row at all');
SELECT is((SELECT count(*) FROM o365_programs.worker_claim(:w1, '-infinity', 10, 2, 65536, 16384,
    pg_current_snapshot()::text, now() - interval '1 ms')), 1::bigint, 'until the time that the last answer named');
SELECT ok((SELECT c.quiet_now BETWEEN now() + interval '2 s' AND now() + interval '6 s'
             FROM o365_programs.worker_claim(:w1, '-infinity', 10, 2, 65536, 16384, NULL, NULL) AS c),
    'which is five seconds later at most');
UPDATE o365_internal.host SET held_until = now() + interval '1 hour', held_at = now()
 WHERE host_id = (SELECT max(h.host_id) FROM o365_internal.host AS h);
SELECT ok((SELECT c.quiet_now BETWEEN now() AND now() + interval '2 s'
             FROM o365_programs.worker_claim(:w1, '-infinity', 10, 2, 65536, 16384, NULL, NULL) AS c),
    'and a second while a far end is held');
UPDATE o365_internal.host SET held_until = NULL, held_at = NULL;
UPDATE o365_internal.lane SET next_at = clock_timestamp() + interval '900 ms' WHERE subscription_id = :bob;
-- On a machine that stood still meanwhile the lane is due, and claimed.
SELECT ok((SELECT c.subscription_id = :bob OR c.quiet_now = l.next_at
             FROM o365_programs.worker_claim(:w1, '-infinity', 10, 2, 65536, 16384, NULL, NULL) AS c,
                  o365_internal.lane AS l
            WHERE l.subscription_id = :bob), 'and earlier where a lane is due earlier');
UPDATE o365_internal.lane SET next_at = NULL, worker = NULL, lease_until = NULL WHERE subscription_id = :bob;

SELECT pg_current_snapshot()::text AS seen \gset
SELECT pg_temp.send(:ann, 3) \g /dev/null
SELECT results_eq(format($$SELECT c.fed, c.subscription_id, c.has_cards, c.card, c.seen_now
    FROM o365_programs.worker_claim(%s, '-infinity', 10, 2, 65536, 16384, %L, now() + interval '1 hour') AS c$$, :w1,
    :'seen'),
    format($$VALUES (1, %1$s::bigint, true, '{"text": "1"}', NULL), (1, %1$s, true, '{"text": "2"}', NULL)$$, :ann),
    'a card that was committed since is fed, its lane leased, and its first cards come along');
SELECT is(l.worker, :w1, 'under a lease') FROM o365_internal.lane AS l WHERE l.subscription_id = :ann;
SELECT pg_temp.give_back(:w1) \g /dev/null
SELECT results_eq(format('SELECT pg_temp.look(%s)', :w1), format($$VALUES ('fed 0 %1$s t {"text": "1"}'),
    ('fed 0 %1$s t {"text": "2"}')$$, :ann), 'a lane that was due is leased without any arrival');
SELECT pg_temp.give_back(:w1) \g /dev/null
SELECT pg_temp.send(:bob, 1) \g /dev/null
SELECT results_eq(format('SELECT pg_temp.look(%s, 1)', :w1), format($$VALUES ('fed 1 %s t {"text": "1"}'),
    ('fed 1 %s f')$$, :ann, :bob), 'a lane whose cards do not fit comes without');
SELECT pg_temp.give_back(:w1) \g /dev/null
-- A lane without a card: its only one was taken from it.
DELETE FROM o365_internal.outbox WHERE subscription_id = :bob;
SELECT results_eq(format('SELECT pg_temp.look(%s) ORDER BY 1', :w1), format($$VALUES ('fed 0 %1$s t {"text": "1"}'),
    ('fed 0 %1$s t {"text": "2"}'), ('fed 0 %2$s t')$$, :ann, :bob), 'and one that has none says so');
SELECT pg_temp.give_back(:w1) \g /dev/null
-- Many lanes come without cards.
SELECT count(pg_temp.connect('user' || i)) FROM generate_series(1, 4) AS i \g /dev/null
SELECT count(o365.send(s.subscription_id, '{"text": "x"}')) FROM o365_internal.subscription AS s
 WHERE s.app_user LIKE 'user%' \g /dev/null
SELECT is((SELECT count(*) FILTER (WHERE c.subscription_id IS NOT NULL AND NOT c.has_cards)
    FROM o365_programs.worker_claim(:w1, '-infinity', 10, 2, 65536, 16384, NULL, NULL) AS c), 5::bigint,
    'where many lanes were leased their cards are asked for');
SELECT pg_temp.give_back(:w1) \g /dev/null
SELECT finish();
