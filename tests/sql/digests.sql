-- Digests: when cards of a connection with a schedule leave, and what they are folded into. Commits, because a round of
-- arrivals sees only what is committed.
\ir fixtures/setup.sql
SELECT no_plan();

-- ---- a lane with a schedule ----
SELECT o365.grant_application('postgres', 'desk') \g /dev/null
SELECT pg_temp.connect('ann') AS ann, pg_temp.connect('bob') AS bob, pg_temp.connect('carl') AS carl,
       pg_temp.connect('dora') AS dora \gset
SELECT (o365_programs.worker_start('w', 'test', 'production') ->> 'worker')::integer AS w \gset
\ir fixtures/digests.sql

SELECT is(o365.set_schedule(:ann, 'daily', at => '08:00', time_zone => 'europe/berlin', reason => 'she asked'),
    'daily at 08:00', 'a schedule is set');
SELECT results_eq(format($$SELECT c.schedule, c.time_zone FROM o365.connections('ann') AS c$$),
    $$VALUES ('daily at 08:00', 'Europe/Berlin')$$, 'and shown');
SELECT results_eq(format($$SELECT e.kind, e.detail, e.reason, e.actor
    FROM o365_internal.event AS e WHERE e.subscription_id = %s AND e.kind = 'rescheduled'$$, :ann),
    $$VALUES ('rescheduled', 'daily at 08:00 Europe/Berlin', 'she asked', 'operator')$$, 'and noted');
SELECT is(o365.set_schedule(:ann, 'daily at 08:00'), 'daily at 08:00', 'the same once more changes nothing');
SELECT is((SELECT count(*) FROM o365_internal.event AS e WHERE e.subscription_id = :ann
    AND e.kind = 'rescheduled')::integer, 1, 'and is no event');
SELECT is((SELECT s.time_zone FROM o365_internal.subscription AS s WHERE s.subscription_id = :ann), 'Europe/Berlin',
    'without a time zone that stays');
SELECT throws_ok(format($$SELECT o365.set_schedule(%s, 'monthly')$$, :ann), '22023', 'schedule ''monthly'' is unknown',
    'an unknown schedule is refused');
SELECT throws_ok(format($$SELECT o365.set_schedule(%s, 'hourly', '08:00')$$, :ann), '22023',
    'schedule ''hourly at 08:00:00'' is unknown', 'a time where there is none');
SELECT throws_ok(format($$SELECT o365.set_schedule(%s, NULL)$$, :ann), '22023', 'schedule NULL is unknown', 'none');
SELECT throws_ok(format($$SELECT o365.set_schedule(%s, 'daily', time_zone => 'Berlin')$$, :ann), '22023',
    'there is no time zone ''Berlin''', 'an unknown time zone');
SELECT throws_ok('SELECT o365.set_schedule(999999, ''daily'')', '42704', 'there is no subscription 999999',
    'an unknown subscription');
SELECT results_eq(format('SELECT l.next_at, l.why, l.run FROM pg_temp.lane(%s) AS l', :ann),
    $$VALUES (NULL::timestamptz, NULL::text, '{}'::bigint[])$$, 'without cards it waits for nothing');
SELECT pg_temp.send(:ann, 'A') AS a \gset
SELECT pg_temp.send(:ann, 'B') AS b \gset
SELECT o365_programs.worker_feed() \g /dev/null
SELECT results_eq(format('SELECT l.why, l.not_before = o365_internal.next_run(''daily at 08:00'', '
                         '''Europe/Berlin'', now()), l.next_at FROM pg_temp.lane(%s) AS l', :ann),
    $$VALUES ('schedule', true, 'infinity'::timestamptz)$$, 'cards wait for the next run');
SELECT is(pg_temp.work(:w), 0, 'and nothing leaves before');
SELECT results_eq(format('SELECT q.why, q.until, q.waiting FROM o365.queue AS q WHERE q.subscription_id = %s', :ann),
    format($$SELECT 'schedule', (pg_temp.lane(%s)).not_before, 2::bigint$$, :ann), 'the queue says so');
SELECT is((o365_programs.worker_outlook()->>'next_at')::timestamptz, (pg_temp.lane(:ann)).not_before,
    'and so does the outlook of --once');
SELECT matches((SELECT q.reason FROM o365.queue AS q WHERE q.subscription_id = :ann),
    '^its schedule is daily at 08:00: its cards are folded into a digest at 20', 'in words');
SELECT pg_temp.come(:ann) \g /dev/null
SELECT is(pg_temp.work(:w), 1, 'when the time has come one card leaves');
SELECT results_eq($$SELECT pg_temp.sections(p.card), p.card::jsonb->>'summary', p.card::jsonb->>'@type'
    FROM posted AS p$$, $$VALUES ('{A,B}'::text[], 'Contoso Helpdesk: 2 messages', 'MessageCard')$$,
    'a digest, with a section for each card, in order');
SELECT results_eq($$SELECT s.value #>> '{potentialAction,0,targets,0,uri}', s.value->>'text'
    FROM posted AS p, jsonb_array_elements(p.card::jsonb->'sections') AS s (value)$$,
    $$VALUES ('https://contoso.example/A', 'text'), ('https://contoso.example/B', 'text')$$,
    'links and texts are kept');
SELECT is_empty($$SELECT * FROM posted AS p, o365.check_card(p.card::jsonb, 'connector', 'desk')$$,
    'check_card has nothing to say about it');
SELECT results_eq(format($$SELECT d.card_id, d.outcome, d.reason FROM o365.deliveries AS d WHERE d.card_id IN (%s, %s)
    ORDER BY 1$$, :a, :b),
    format($$SELECT u.id, 'digested', 'in digest ' || p.card_id FROM posted AS p, unnest(ARRAY[%s,
        %s]::bigint[]) AS u (id) ORDER BY 1$$, :a, :b), 'what is in it ended as digested and names it');
SELECT results_eq('SELECT d.outcome FROM posted AS p JOIN o365.deliveries AS d ON d.card_id = p.card_id',
    $$VALUES ('delivered')$$, 'the digest has an end of its own');
SELECT is((SELECT count(*) FROM o365_internal.event AS e WHERE e.card_id IN (:a, :b))::integer, 0,
    'no event says that they were not delivered');
SELECT results_eq(format('SELECT l.next_at, l.why, l.run FROM pg_temp.lane(%s) AS l', :ann),
    $$VALUES (NULL::timestamptz, NULL::text, '{}'::bigint[])$$, 'and the lane is idle');
TRUNCATE posted;
-- One card, and a run that was missed.
SELECT pg_temp.send(:ann, 'C') AS c \gset
UPDATE o365_internal.outbox SET enqueued_at = now() - interval '2 days' WHERE card_id = :c;
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.work(:w), 1, 'a run that was missed is made up for');
SELECT results_eq('SELECT p.card_id, p.card::jsonb->>''title'' FROM posted AS p',
    format($$VALUES (%s::bigint, 'C')$$, :c), 'a card alone goes as it is');
TRUNCATE posted;

-- Cards that would expire before their run: one of its own time, and all of a connector with a max_age.
SELECT pg_temp.send(:ann, 'x' || n) FROM generate_series(1, 3) AS n \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.work(:w), 0, 'cards wait for their run');
SELECT o365.send(:ann, o365.card('now', 'x'), not_after => now() + interval '10 seconds') AS now,
       o365.send(:ann, o365.card('soon', 'x'),
           not_after => (pg_temp.lane(:ann)).not_before - interval '1 second') AS soon,
       o365.send(:ann, o365.card('in time', 'x'),
           not_after => (pg_temp.lane(:ann)).not_before + interval '1 hour') AS late
    \gset
SELECT pg_temp.send(:ann, 'x4') \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.work(:w), 2, 'those that would expire before it leave at once');
SELECT results_eq('SELECT p.card::jsonb->>''title'' FROM posted AS p ORDER BY p.n', $$VALUES ('now'), ('soon')$$,
    'alone, in order, and no others');
SELECT is((pg_temp.lane(:ann)).why, 'schedule', 'the others wait on');
SELECT pg_temp.come(:ann) \g /dev/null
SELECT is(pg_temp.work(:w), 1, 'for their digest');
SELECT is((SELECT p.card::jsonb->>'title' FROM posted AS p ORDER BY p.n DESC LIMIT 1),
    'Contoso Helpdesk: 5 messages', 'with what lives to see it');
TRUNCATE posted;
SELECT o365.alter_connector('desk', max_age => '30 seconds') \g /dev/null
SELECT pg_temp.send(:ann, 'y' || n) FROM generate_series(1, 2) AS n \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.work(:w), 2, 'with a max_age that is shorter than the schedule cards leave one by one');
SELECT results_eq('SELECT p.ends_as, p.card::jsonb->>''title'' FROM posted AS p ORDER BY p.n',
    $$VALUES (NULL, 'y1'), (NULL, 'y2')$$, 'and none expires');
SELECT o365.alter_connector('desk', max_age => '0') \g /dev/null
-- Chosen later, when cards wait that would not live to see it.
SELECT pg_temp.send(:dora, 'z1'), o365.send(:dora, o365.card('z2', 'x'), not_after => now() + interval '30 minutes')
    \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT o365.set_schedule(:dora, 'weekly') \g /dev/null
TRUNCATE posted;
SELECT is(pg_temp.work(:w), 1, 'so does one that waits when its user chooses a schedule');
SELECT is((SELECT p.card::jsonb->>'title' FROM posted AS p), 'z2', 'which would have expired');
SELECT o365.set_schedule(:dora, 'immediate') \g /dev/null
SELECT pg_temp.work(:w) \g /dev/null
TRUNCATE posted;

-- Between runs nothing else leaves, whatever the lane goes through.
SELECT pg_temp.send(:ann, 'D') \g /dev/null
SELECT pg_temp.send(:ann, 'E') \g /dev/null
SELECT o365_programs.worker_feed(), pg_temp.come(:ann) \g /dev/null
SELECT is(pg_temp.work(:w, 'retry'), 1, 'a digest fails');
SELECT pg_temp.send(:ann, 'F') \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT results_eq(format('SELECT l.why, cardinality(l.run) FROM pg_temp.lane(%s) AS l', :ann), $$VALUES ('retry', 1)$$,
    'and is tried again');
UPDATE o365_internal.lane SET next_at = clock_timestamp(), not_before = clock_timestamp() WHERE subscription_id = :ann;
TRUNCATE posted;
SELECT is(pg_temp.work(:w), 1, 'alone');
SELECT results_eq('SELECT pg_temp.sections(p.card) FROM posted AS p', $$VALUES ('{D,E}'::text[])$$,
    'what came meanwhile waits for the next run');
SELECT is((pg_temp.lane(:ann)).why, 'schedule', 'and the lane with it');
SELECT pg_temp.send(:ann, 'G') \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT o365.pause(:ann) \g /dev/null
SELECT is((pg_temp.lane(:ann)).why, 'pause', 'a pause takes the place of the schedule');
SELECT o365.resume(:ann) \g /dev/null
SELECT results_eq(format('SELECT l.why, l.not_before > now() FROM pg_temp.lane(%s) AS l', :ann),
    $$VALUES ('schedule', true)$$, 'which is waited for again when it ends');
TRUNCATE posted;
SELECT is(pg_temp.work(:w), 0, 'nothing leaves by that');
SELECT o365.send_test(:ann) \g /dev/null
SELECT is(pg_temp.work(:w), 1, 'a test card leaves at once');
SELECT matches((SELECT p.card FROM posted AS p), 'A test of the connection', 'and no other');
SELECT results_eq(format('SELECT l.why, l.next_at FROM pg_temp.lane(%s) AS l', :ann),
    $$VALUES ('schedule', 'infinity'::timestamptz)$$, 'the others wait on');
SELECT is(o365_internal.wake(:ann)::text, '', 'woken');
SELECT is(pg_temp.work(:w), 0, 'it waits on');
-- Claimed all the same, as after a lease that ended.
UPDATE o365_internal.lane SET why = NULL, not_before = NULL, next_at = clock_timestamp() WHERE subscription_id = :ann;
SELECT is(pg_temp.work(:w), 0, 'a claim finds nothing that may leave');
SELECT is((pg_temp.lane(:ann)).why, 'schedule', 'and gives the lane back to its schedule');
-- Another schedule, and none.
SELECT is(o365.set_schedule(:ann, 'hourly'), 'hourly', 'another schedule');
SELECT ok((pg_temp.lane(:ann)).not_before <= now() + interval '1 hour', 'counts for what waits');
TRUNCATE posted;
SELECT is(o365.set_schedule(:ann, 'immediate'), 'immediate', 'without one');
SELECT is(pg_temp.work(:w), 1, 'what waits leaves at once');
SELECT results_eq('SELECT pg_temp.sections(p.card) FROM posted AS p', $$VALUES ('{F,G}'::text[])$$, 'folded once more');
SELECT results_eq(format('SELECT l.why, l.run, l.next_at FROM pg_temp.lane(%s) AS l', :ann),
    'VALUES (NULL::text, NULL::bigint[], NULL::timestamptz)', 'and the lane is as any other');
TRUNCATE posted;
SELECT pg_temp.send(:ann, 'H'), pg_temp.send(:ann, 'I') \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.work(:w, 'retry', 1), 1, 'as they come');
SELECT is(o365.set_schedule(:ann, 'weekly', '10:00', 'friday'), 'weekly on friday at 10:00',
    'while a card is tried again');
SELECT results_eq(format('SELECT l.why, cardinality(l.run) FROM pg_temp.lane(%s) AS l', :ann), $$VALUES ('retry', 1)$$,
    'that card goes on');
UPDATE o365_internal.lane SET next_at = clock_timestamp(), not_before = clock_timestamp() WHERE subscription_id = :ann;
TRUNCATE posted;
SELECT is(pg_temp.work(:w), 1, 'alone');
SELECT results_eq('SELECT p.card::jsonb->>''title'' FROM posted AS p', $$VALUES ('H')$$, 'as it is');
SELECT results_eq(format('SELECT l.why, extract(isodow FROM l.not_before)::integer FROM pg_temp.lane(%s) AS l', :ann),
    $$VALUES ('schedule', 5)$$, 'the other one waits for Friday');
-- Removed.
SELECT o365.remove(:ann) \g /dev/null
TRUNCATE posted;
SELECT pg_temp.work(:w), pg_temp.work(:w) \g /dev/null
SELECT results_eq('SELECT p.ends_as FROM posted AS p', $$VALUES ('cancelled')$$,
    'what waits where nothing is sent any more ends as cancelled');
SELECT throws_ok(format($$SELECT o365.set_schedule(%s, 'daily')$$, :ann), '55000',
    format('subscription %s is removed', :ann), 'and no schedule is set there');
TRUNCATE posted;

-- A kill leaves the cards or their digest, and whoever had the lane before is refused.
SELECT pg_temp.connect('fay') AS fay \gset
SELECT pg_temp.send(:fay, 'A'), pg_temp.send(:fay, 'B') \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT c.lease_no AS l FROM pg_temp.claim(:w, '-infinity', 10, 2) AS c WHERE c.subscription_id = :fay LIMIT 1 \gset
SELECT max(position) AS p FROM o365_internal.outbox WHERE subscription_id = :fay \gset
SELECT o365.set_schedule(:fay, 'hourly') \g /dev/null
SELECT is((pg_temp.lane(:fay)).worker, :w, 'a lane that a worker has is left to it');
UPDATE o365_internal.outbox SET enqueued_at = now() - interval '2 hours' WHERE subscription_id = :fay;
-- Its lease ends, and another claim finds nothing that may leave.
UPDATE o365_internal.lane SET next_at = clock_timestamp(), lease_until = clock_timestamp(), worker = NULL
 WHERE subscription_id = :fay;
SELECT o365_internal.await_runs(ARRAY[:fay]::bigint[]) \g /dev/null
UPDATE o365_internal.lane SET worker = :w WHERE subscription_id = :fay;
BEGIN;
SELECT is((SELECT count(*) FROM pg_temp.claim(:w, '-infinity', 10, 2) AS c WHERE c.subscription_id = :fay)::integer, 1,
    'a claim folds');
ROLLBACK;
SELECT is((SELECT array_agg(o.card::jsonb->>'title' ORDER BY o.position) FROM o365_internal.outbox AS o
    WHERE o.subscription_id = :fay), '{A,B}', 'one that does not commit has not');
SELECT is((SELECT count(*) FROM o365.deliveries AS d WHERE d.subscription_id = :fay)::integer, 0,
    'and no card has ended by it');
SELECT o365_internal.fold_due() \g /dev/null
SELECT is((SELECT r.ended FROM o365_programs.worker_report(:w, ARRAY[:fay]::bigint[], ARRAY[:l]::bigint[],
    ARRAY[:p]::bigint[], '{delivered}', '{100}', '{200}', '{NULL}', '{1}', '{NULL}',
    ARRAY[:fay]::bigint[], ARRAY[:l]::bigint[], '{t}', '{1}') AS r), 0,
    'who had the lane before cannot end the digest, which has the place of a card');
TRUNCATE posted;
SELECT is(pg_temp.work(:w), 1, 'the digest leaves');
SELECT results_eq('SELECT pg_temp.sections(p.card) FROM posted AS p', $$VALUES ('{A,B}'::text[])$$, 'with both');
TRUNCATE posted;
-- What cannot be folded leaves as it was sent.
SELECT pg_temp.send(:fay, 'C'), pg_temp.send(:fay, 'D') \g /dev/null
UPDATE o365_internal.outbox SET card = 'no card', enqueued_at = now() - interval '2 hours' WHERE subscription_id = :fay;
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.work(:w, 'retry', 1), 1, 'no card keeps a lane from going on');
SELECT results_eq('SELECT p.card FROM posted AS p', $$VALUES ('no card')$$, 'it leaves as it was sent');
DELETE FROM o365_internal.outbox WHERE subscription_id = :fay;
UPDATE o365_internal.lane SET next_at = clock_timestamp(), not_before = NULL, why = NULL WHERE subscription_id = :fay;
SELECT pg_temp.work(:w) \g /dev/null
TRUNCATE posted;

-- Forms and other extra fields go alone, in order. What needs no POST parts no digest.
SELECT o365.set_schedule(:bob, 'hourly') \g /dev/null
SELECT o365.set('public_url', 'https://app.example.org') \g /dev/null
SELECT o365.alter_connector('desk', target_urls => ARRAY['https://contoso.example'],
    events => ARRAY['a ticket is opened', 'noise']) \g /dev/null
SELECT pg_temp.send(:bob, 'A'), pg_temp.send(:bob, 'B'),
       o365.send(:bob, '{"@type": "MessageCard", "@context": "https://schema.org/extensions", "summary": "form",
           "title": "Form", "text": "x", "potentialAction":
           [{"@type": "HttpPOST", "name": "Close", "target": "https://contoso.example/close", "body": "{}"}]}'::jsonb),
       pg_temp.send(:bob, 'C'),
       o365.send(:bob, o365.card('State'), collapse => 'state'),
       o365.send(:bob, o365.card('Noise'), 'noise'),
       pg_temp.send(:bob, 'D'), o365.send(:bob, o365.card('State 2'), collapse => 'state') \g /dev/null
UPDATE o365_internal.subscription SET unwanted_events = '{noise}' WHERE subscription_id = :bob;
SELECT o365_programs.worker_feed(), pg_temp.come(:bob) \g /dev/null
SELECT is(pg_temp.work(:w), 3, 'forms go alone');
SELECT results_eq($$SELECT coalesce(pg_temp.sections(p.card)::text, nullif(p.card, '')::jsonb->>'title', p.ends_as)
    FROM posted AS p ORDER BY p.n$$,
    $$VALUES ('{A,B}'), ('Form'), ('{C,D,"State 2"}')$$, 'and what is folded keeps its place between them');
SELECT results_eq($$SELECT d.outcome, d.event, d.attempts::integer, e.detail FROM o365.deliveries AS d
      LEFT JOIN o365.events AS e ON e.card_id = d.card_id
     WHERE d.outcome IN ('cancelled', 'superseded') AND d.subscription_id = (SELECT max(p.s) FROM posted AS p)
     ORDER BY d.card_id DESC LIMIT 2$$,
    $$VALUES ('cancelled', 'noise', 0, 'cancelled'), ('superseded', NULL, 0, NULL)$$,
    'what is unwanted, or replaced, ends as that without a POST; of the one the application is told');
TRUNCATE posted;

-- Many: ten are shown, the others counted.
SELECT o365.send_many(array_agg(:bob::bigint), array_agg(o365.card('card ' || n, repeat('word ', 20),
    link => 'https://contoso.example/' || n))) FROM generate_series(1, 47) AS n \g /dev/null
SELECT o365_programs.worker_feed(), pg_temp.come(:bob) \g /dev/null
SELECT is(pg_temp.work(:w), 1, 'forty-seven cards are one');
SELECT results_eq($$SELECT p.card::jsonb->>'title', (pg_temp.sections(p.card))[1], (pg_temp.sections(p.card))[10],
    cardinality(pg_temp.sections(p.card)),
        p.card::jsonb #>> '{potentialAction,0,name}', p.card::jsonb #>> '{potentialAction,0,targets,0,uri}'
            FROM posted AS p$$,
    $$VALUES ('Contoso Helpdesk: 47 messages', 'card 1', 'card 10', 10, 'and 37 more', 'https://contoso.example')$$,
    'ten are shown, and a link says how many more there are');
SELECT is((SELECT count(*) FROM o365.deliveries AS d, posted AS p WHERE d.outcome = 'digested'
    AND d.reason = 'in digest ' || p.card_id)::integer, 47, 'all of them name it');
SELECT is_empty($$SELECT * FROM posted AS p, o365.check_card(p.card::jsonb, 'connector', 'desk')$$,
    'check_card has nothing to say about it');
TRUNCATE posted;
-- Large: texts give way, titles and links do not.
SELECT o365.send_many(array_agg(:bob::bigint), array_agg(o365.card('card ' || n, repeat(E'word "quoted" ', 1000),
    json_build_object('fact', repeat('f', 1000)), link => 'https://contoso.example/' || n)))
  FROM generate_series(1, 8) AS n \g /dev/null
SELECT o365_programs.worker_feed(), pg_temp.come(:bob) \g /dev/null
SELECT is(pg_temp.work(:w), 1, 'large cards are one');
SELECT results_eq($$SELECT cardinality(pg_temp.sections(p.card)),
    (SELECT count(*) FROM jsonb_path_query(p.card::jsonb, '$.sections[*].potentialAction[*].targets[*].uri'))::integer,
        p.card::jsonb ? 'potentialAction' FROM posted AS p$$, $$VALUES (8, 8, false)$$, 'with all titles and links');
SELECT is_empty($$SELECT * FROM posted AS p, o365.check_card(p.card::jsonb, 'connector', 'desk') AS c
    WHERE c.severity = 'error'$$, 'within the size');
TRUNCATE posted;
-- Long titles: cards give way, from the end.
SELECT o365.send_many(array_agg(:bob::bigint), array_agg(o365.card(n || repeat(' title', 900))))
  FROM generate_series(1, 8) AS n \g /dev/null
SELECT o365_programs.worker_feed(), pg_temp.come(:bob) \g /dev/null
SELECT is(pg_temp.work(:w), 1, 'cards with long titles are one');
SELECT results_eq($$SELECT cardinality(pg_temp.sections(p.card)) BETWEEN 1 AND 7,
    p.card::jsonb #>> '{potentialAction,0,name}' = format('and %s more', 8 - cardinality(pg_temp.sections(p.card)))
    FROM posted AS p$$, 'VALUES (true, true)', 'with as many as there is room for, and the number of the others');
SELECT is_empty($$SELECT * FROM posted AS p, o365.check_card(p.card::jsonb, 'connector', 'desk') AS c
    WHERE c.severity = 'error'$$, 'within the size');
TRUNCATE posted;
-- A backlog: a thousand at a time.
SELECT o365.send_many(array_agg(:bob::bigint), array_agg(o365.card('card ' || n)))
  FROM generate_series(1, 2001) AS n \g /dev/null
SELECT o365_programs.worker_feed(), pg_temp.come(:bob) \g /dev/null
SELECT is(pg_temp.work(:w), 1, 'two thousand and one cards');
UPDATE o365_internal.outbox SET enqueued_at = enqueued_at - interval '1 hour' WHERE subscription_id = :bob;
SELECT o365_internal.await_runs(ARRAY[:bob]::bigint[]), pg_temp.come(:bob) \g /dev/null
SELECT is(pg_temp.work(:w) + pg_temp.work(:w), 2, 'leave a thousand at a time, one after the other');
SELECT is((SELECT string_agg(coalesce(p.card::jsonb->>'title', ''), '; ' ORDER BY p.n) FROM posted AS p),
    'Contoso Helpdesk: 1000 messages; Contoso Helpdesk: 1000 messages; card 2001', 'and none is left out');
TRUNCATE posted;

-- ---- digest_when_late ----
SELECT o365.set_quota(v.dialect, v.seconds, v.posts, v.per)
  FROM (VALUES ('connector', 1, 4, 'webhook'), ('connector', 3600, 100, 'webhook'),
      ('connector', 86400, 1800, 'webhook'), ('workflow', 300, 25, 'bot'))
    AS v (dialect, seconds, posts, per) \g /dev/null
SELECT is(o365_internal.time_to_clear('workflow', 25), interval '0', 'what a window takes leaves at once');
SELECT is(o365_internal.time_to_clear('workflow', 26), interval '5 minutes', 'one more waits for the next window');
SELECT is(o365_internal.time_to_clear('connector', 1801), interval '24 hours', 'the slowest window counts');
SELECT is(o365_internal.time_to_clear('connector', 101), interval '1 hour', 'whichever it is');
SELECT o365.send_many(array_agg(:carl::bigint), array_agg(o365.card('late ' || n)))
  FROM generate_series(1, 120) AS n \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
UPDATE o365_internal.lane SET why = 'quota', not_before = now() + interval '1 hour', next_at = now() + interval '1 hour'
 WHERE subscription_id = :carl;
SELECT is(o365_internal.chore_fold_late(), NULL, 'without the policy nothing is folded');
SELECT o365.alter_connector('desk', digest_when_late => '2 hours') \g /dev/null
SELECT is(o365_internal.chore_fold_late(), NULL, 'what leaves in time goes card by card');
SELECT o365.alter_connector('desk', digest_when_late => '30 minutes') \g /dev/null
SELECT is(o365_internal.chore_fold_late(), 'folded what a limit keeps waiting into 1 digest',
    'what cannot leave in time is folded');
SELECT results_eq(
    format('SELECT l.why, l.not_before > now(), l.next_at = l.not_before, l.run FROM pg_temp.lane(%s) AS l', :carl),
    'VALUES (''quota'', true, true, NULL::bigint[])', 'and waits on for the limit');
SELECT is(o365_internal.chore_fold_late(), NULL, 'once');
UPDATE o365_internal.lane SET why = NULL, not_before = NULL, next_at = clock_timestamp() WHERE subscription_id = :carl;
SELECT is(pg_temp.work(:w), 1, 'then it leaves');
SELECT results_eq('SELECT p.card::jsonb->>''title'', (pg_temp.sections(p.card))[10] FROM posted AS p',
    $$VALUES ('Contoso Helpdesk: 120 messages', 'late 10')$$, 'as one');
SELECT is((pg_temp.lane(:carl)).next_at, NULL, 'and nothing is left');
TRUNCATE posted;
-- A lane whose cards cannot be folded comes first.
SELECT pg_temp.connect('broken') AS broken \gset
SELECT o365.send_many(array_agg(s), array_agg(o365.card('late ' || n)))
  FROM unnest(ARRAY[:broken, :carl]::bigint[]) AS s, generate_series(1, 120) AS n \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
UPDATE o365_internal.outbox SET card = 'no JSON' WHERE subscription_id = :broken;
UPDATE o365_internal.lane SET why = 'quota', next_at = now() + interval '1 hour',
    not_before = now() + CASE subscription_id WHEN :broken THEN interval '50 minutes' ELSE interval '1 hour' END
 WHERE subscription_id IN (:broken, :carl);
SELECT matches(o365_internal.chore_fold_late(), format('^folded what a limit keeps waiting into 1 digest, '
    'could not fold what waits in 1 lane: subscription %s: invalid input syntax for type json', :broken),
    'cards that cannot be folded keep no other lane from it');
SELECT is((SELECT count(*) FROM o365_internal.outbox AS o WHERE o.subscription_id = :carl), 1::bigint,
    'whose cards are a digest');
DELETE FROM o365_internal.outbox WHERE subscription_id IN (:broken, :carl);
UPDATE o365_internal.lane SET why = NULL, not_before = NULL, next_at = NULL WHERE subscription_id IN (:broken, :carl);
SELECT throws_like($$SELECT o365.alter_connector('desk', digest_when_late => '-1 hour')$$,
    '%digest_when_late is not longer than nothing%', 'a time that is none is refused');
SELECT o365.alter_connector('desk', digest_when_late => '0') \g /dev/null
SELECT is((SELECT c.digest_when_late FROM o365_internal.connector AS c WHERE c.slug = 'desk'), NULL,
    'and 0 takes the policy back');

SELECT o365.set_quota(q.dialect, q.seconds, NULL, q.per) FROM o365.quotas AS q \g /dev/null

-- ---- the connector's default ----
SELECT throws_like($$SELECT o365.alter_connector('desk', schedule => 'monthly')$$, '%schedule is unknown%',
    'a schedule that is none is refused');
SELECT throws_like($$SELECT o365.alter_connector('desk', time_zone => 'Berlin')$$,
    '%time_zone is not known to this server%', 'and a time zone that is none');
SELECT o365.alter_connector('desk', schedule => 'daily at 7:30', time_zone => 'asia/kathmandu') \g /dev/null
SELECT results_eq($$SELECT c.schedule, c.time_zone FROM o365_internal.connector AS c WHERE c.slug = 'desk'$$,
    $$VALUES ('daily at 07:30', 'Asia/Kathmandu')$$, 'both are kept in one form');
SELECT pg_temp.connect('eve') AS eve \gset
SELECT results_eq($$SELECT c.schedule, c.time_zone FROM o365.connections('eve') AS c$$,
    $$VALUES ('daily at 07:30', 'Asia/Kathmandu')$$, 'a new connection has them');
SELECT results_eq($$SELECT c.schedule, c.time_zone FROM o365.connections('dora') AS c$$,
    $$VALUES ('immediate', NULL::text)$$, 'one that was there keeps its own');
SELECT pg_temp.send(:eve, 'A') \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is((pg_temp.lane(:eve)).not_before, o365_internal.next_run('daily at 07:30', 'Asia/Kathmandu', now()),
    'and waits by them');
SELECT o365.remove(:eve) \g /dev/null
SELECT pg_temp.work(:w), pg_temp.work(:w) \g /dev/null
TRUNCATE posted;
SELECT o365.alter_connector('desk', schedule => 'immediate', time_zone => '') \g /dev/null

-- ---- Workflows ----
SELECT o365.allow_webhook_host('workflow', 'flows.example.org') \g /dev/null
UPDATE o365_internal.subscription SET dialect = 'workflow', webhook_host = 'flows.example.org'
 WHERE subscription_id = :dora;
SELECT o365.set_schedule(:dora, 'hourly') \g /dev/null
CREATE FUNCTION pg_temp.adaptive(title text, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object('type', 'AdaptiveCard', 'version', '1.3',
        'body', jsonb_build_array(jsonb_build_object('type', 'TextBlock', 'text', title, 'wrap', true),
        jsonb_build_object('type', 'FactSet',
            'facts', jsonb_build_array(jsonb_build_object('title', 'a', 'value', 'b')))),
        'actions', jsonb_build_array(jsonb_build_object('type', 'Action.OpenUrl', 'title', 'Open',
            'url', 'https://contoso.example/' || title))) || more $$;
SELECT o365.send(:dora, pg_temp.adaptive('A')),
       o365.send(:dora, jsonb_build_object('type', 'message',
           'attachments', jsonb_build_array(jsonb_build_object('contentType', 'application/vnd.microsoft.card.adaptive',
               'content', pg_temp.adaptive('B', '{"version": "1.4"}'))))),
       o365.send(:dora, pg_temp.adaptive('C', '{"actions": [{"type": "Action.Execute", "title": "Do"}]}')),
       pg_temp.send(:dora, 'M'), pg_temp.send(:dora, 'N'),
       o365.send(:dora, pg_temp.adaptive('D'), extra => '{"channel": "x"}'), o365.send(:dora, pg_temp.adaptive('E'),
           extra => '{"channel": "x"}'),
       o365.send(:dora, pg_temp.adaptive('F')) \g /dev/null
SELECT o365_programs.worker_feed(), pg_temp.come(:dora) \g /dev/null
SELECT is(pg_temp.work(:w), 5, 'cards of one kind that follow each other are one');
SELECT results_eq($$SELECT p.card::jsonb->>'version',
    (SELECT array_agg(v #>> '{}') FROM jsonb_path_query(p.card::jsonb, 'strict $.**?(@.type=="TextBlock").text') AS v),
        (SELECT array_agg(v #>> '{}')
            FROM jsonb_path_query(p.card::jsonb, 'strict $.**?(@.type=="Action.OpenUrl").url') AS v),
        pg_temp.sections(p.card) FROM posted AS p ORDER BY p.n$$,
    $$VALUES ('1.4', '{Contoso Helpdesk: 2 messages,A,B}'::text[],
        '{https://contoso.example/A,https://contoso.example/B}'::text[], NULL::text[]),
             ('1.3', '{C}', NULL, NULL), (NULL, NULL, NULL, '{M,N}'), ('1.3', '{Contoso Helpdesk: 2 messages,D,E}',
                 '{https://contoso.example/D,https://contoso.example/E}', NULL),
             ('1.3', '{F}', '{https://contoso.example/F}', NULL)$$,
    'Adaptive Cards whole, with the version that they need; other extra fields apart');
SELECT is_empty($$SELECT * FROM posted AS p, o365.check_card(p.card::jsonb, 'workflow', 'desk') AS c
    WHERE c.severity = 'error'$$, 'and are such as Workflows take');
TRUNCATE posted;

-- ---- the pages ----
SELECT pg_temp.connect('gil') AS gil \gset
SELECT o365_internal.add_manage_link(:gil, 'owner', sha256('owner')), o365_internal.add_manage_link(:gil, 'card',
    sha256('card')) \g /dev/null
CREATE FUNCTION pg_temp.choose(link text, choice jsonb) RETURNS text LANGUAGE sql AS $$
    SELECT o365_programs.responder_manage_act(sha256(link::bytea), 'schedule', NULL, NULL, choice)->>'outcome' $$;
SELECT is(pg_temp.choose('owner', '{"every": "weekly", "at": "17:30", "on": "friday", "zone": "asia/kathmandu"}'),
    'done', 'whoever connected chooses on the page');
SELECT results_eq($$SELECT c.schedule, c.time_zone FROM o365.connections('gil') AS c$$,
    $$VALUES ('weekly on friday at 17:30', 'Asia/Kathmandu')$$, 'what they chose');
SELECT results_eq($$SELECT p->>'schedule', p->>'time_zone', p->>'may_schedule' FROM o365_programs.responder_manage(
    sha256('owner')) AS p$$, $$VALUES ('weekly on friday at 17:30', 'Asia/Kathmandu', 'true')$$, 'and sees it there');
SELECT is((SELECT e.actor FROM o365_internal.event AS e WHERE e.subscription_id = :gil AND e.kind = 'rescheduled'),
    'user', 'the event says who did it');
SELECT is(pg_temp.choose('card', '{"every": "hourly", "at": "17:30", "on": "friday", "zone": "UTC"}'), 'not_now',
    'a link in cards changes nothing');
SELECT is(o365_programs.responder_manage(sha256('card'))->>'may_schedule', 'false', 'and does not offer it');
SELECT is(pg_temp.choose('owner', '{"every": "daily", "at": "25:00", "on": "friday", "zone": "UTC"}'), 'no_schedule',
    'a time that is none is told');
SELECT is(pg_temp.choose('owner', '{"every": "daily", "at": "", "on": "friday", "zone": "UTC"}'), 'no_schedule',
    'so is none');
SELECT is(pg_temp.choose('owner', '{"every": "daily", "at": "08:00", "on": "friday", "zone": "Nowhere"}'), 'no_zone',
    'and a time zone that is none');
SELECT is((SELECT c.schedule FROM o365.connections('gil') AS c), 'weekly on friday at 17:30',
    'nothing has changed by that');
SELECT is(pg_temp.choose('owner', '{"every": "hourly", "at": "25:00", "on": "", "zone": "Asia/Kathmandu"}'), 'done',
    'each choice has what belongs to it');
SELECT is((SELECT c.schedule FROM o365.connections('gil') AS c), 'hourly', 'and nothing else');
-- On connecting: by the button.
SELECT pg_temp.begin('state-hal', 'cookie-hal', 'hal') \g /dev/null
UPDATE o365_internal.connect_attempt SET schedule = 'daily at 08:00' WHERE state_hash = sha256('state-hal');
SELECT pg_temp.callback('state-hal', 'cookie-hal', 'r-000000000ha1', 'https://contoso.webhook.office.com/webhookb2/hal',
    group_name => 'Hal') \g /dev/null
SELECT results_eq($$SELECT c.schedule, l.run FROM o365.connections('hal') AS c JOIN o365_internal.lane AS l
    ON l.subscription_id = c.subscription_id$$, $$VALUES ('daily at 08:00', '{}'::bigint[])$$,
    'what was chosen on connecting holds from the first card');
SELECT is(o365_programs.responder_start('desk',
    sha256((SELECT split_part(o365.begin_connect('desk', 'ivo'), '=', 2))::bytea), sha256('state-ivo'),
    sha256('cookie-ivo'), 'r-0000000001v0', schedule => 'weekly')->>'started', 'true', 'the form that begins says it');
SELECT is((SELECT a.schedule FROM o365_internal.connect_attempt AS a WHERE a.state_hash = sha256('state-ivo')),
    'weekly on monday at 08:00', 'and the attempt keeps it');

-- ---- what can be folded ----
SELECT results_eq($$SELECT o365_internal.digest_kind(c.card, d.dialect) FROM (VALUES
        (1, '{"text": "a"}'::jsonb, 'connector'), (2, '{"text": "a"}', 'workflow'),
        (3, '{"type": "AdaptiveCard", "version": "1.2", "body": []}', 'connector'),
        (4, '{"type": "AdaptiveCard", "version": "1.2", "body": []}', 'workflow'),
        (5, '{"text": "a", "potentialAction": [{"@type": "HttpPOST"}]}', 'connector'),
        (6, '{"text": "a", "sections": [{"potentialAction": [{"@type": "ActionCard"}]}]}', 'workflow'),
        (7, '{"text": "HttpPOST", "potentialAction": [{"@type": "OpenUri"}]}', 'workflow'),
        (8, '{"text": "a", "sections": [{"markdown": false, "text": "*"}]}', 'workflow'),
        (9, '{"type": "AdaptiveCard", "body": [{"type": "Container", "items": [{"type": "Input.Text", "id": "a"}]}]}',
            'workflow'),
        (10, '{"type": "AdaptiveCard", "body": [], "actions": [{"type": "Action.Submit"}]}', 'workflow'),
        (11, '{"type": "AdaptiveCard", '
             '"body": [{"type": "Image", "selectAction": {"type": "Action.ToggleVisibility"}}]}', 'workflow'),
        (12, '{"type": "AdaptiveCard", "refresh": {}, "body": []}', 'workflow'),
        (13, '{"type": "message", "attachments": [{"content": {"type": "AdaptiveCard"}}, '
             '{"content": {"type": "AdaptiveCard"}}]}', 'workflow')) AS c (n, card, d)
    CROSS JOIN LATERAL (SELECT c.d) AS d (dialect) ORDER BY c.n$$,
    $$VALUES ('message'), ('message'), ('message'), ('adaptive'), (NULL), (NULL), ('message'), (NULL), (NULL), (NULL),
        (NULL), (NULL), (NULL)$$, 'what is typed or pressed belongs to one card');
SELECT * FROM finish();
