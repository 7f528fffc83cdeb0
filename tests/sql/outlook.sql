-- What o365-worker --once is told of a lane (worker_outlook), and what is left of its wait when a pause ends by its
-- time, for each kind of wait; and a host that is forbidden beside cards that are scheduled. Commits, because a round
-- of arrivals sees only what is committed.
\ir fixtures/setup.sql
SELECT no_plan();
SELECT o365.grant_application('postgres', 'desk'), pg_temp.connect('ann') AS ann \gset
SELECT (o365_programs.worker_start('w', 'test', 'production') ->> 'worker')::integer AS w \gset
SELECT o365.set_quota('connector', s, 100000) FROM unnest('{1,3600,86400}'::integer[]) AS s \g /dev/null
CREATE FUNCTION pg_temp.outlook() RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(', ', CASE WHEN o.j->'unfed' = 'true' THEN 'unfed' END,
               (SELECT string_agg(v.key || ' ' || v.value, ', ' ORDER BY v.key COLLATE "C")
                  FROM jsonb_each_text(o.j) AS v
                 WHERE v.value <> '0' AND v.key NOT IN ('next_at', 'unfed')))
      FROM (SELECT o365_programs.worker_outlook() AS j) AS o $$;
CREATE FUNCTION pg_temp.next_at() RETURNS timestamptz LANGUAGE sql AS $$
    SELECT (o365_programs.worker_outlook() ->> 'next_at')::timestamptz $$;
-- The lane's first card is posted, and answered so.
CREATE FUNCTION pg_temp.post(w integer, s bigint, outcome text, retry_after integer DEFAULT NULL) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    v record;
BEGIN
    SELECT c.* INTO v FROM pg_temp.claim(w, '-infinity', 100, 1) AS c WHERE c.subscription_id = s;
    PERFORM o365_programs.worker_report(w, ARRAY[v.subscription_id], ARRAY[v.lease_no], ARRAY[v.position],
        ARRAY[outcome], '{NULL}', '{503}', ARRAY[retry_after], '{1}', '{busy}', ARRAY[v.subscription_id],
        ARRAY[v.lease_no], '{t}', NULL);
END $$;
-- A pause of an hour, and its end.
CREATE FUNCTION pg_temp.paused_for_an_hour(s bigint) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM o365.pause(s, until => now() + interval '1 hour');
    UPDATE o365_internal.subscription SET paused_until = now() WHERE subscription_id = s;
    PERFORM o365_internal.chore_resume_paused();
    RETURN (SELECT concat_ws(' ', l.why, CASE WHEN l.next_at = 'infinity' THEN 'for its schedule'
                                              WHEN l.next_at > clock_timestamp() THEN 'later'
                                              WHEN l.next_at IS NOT NULL THEN 'due' ELSE 'without a card' END)
              FROM pg_temp.lane(s) AS l);
END $$;

SELECT is(pg_temp.outlook(), '', 'where nothing waits, --once is told nothing');
SELECT is(pg_temp.paused_for_an_hour(:ann), 'due', 'a pause that ends leaves a lane without cards to the next look');
UPDATE o365_internal.lane SET next_at = NULL WHERE subscription_id = :ann;
SELECT o365.send(:ann, '{"text": "one"}') \g /dev/null
SELECT is(pg_temp.outlook(), 'unfed', 'a card that no lane knows of is unfed');
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.outlook(), 'due 1', 'a card that can go is due');
SELECT is(pg_temp.paused_for_an_hour(:ann), 'due', 'and when a pause ends, too');
SELECT c.lease_no AS lease FROM pg_temp.claim(:w, '-infinity', 100, 1) AS c WHERE c.subscription_id = :ann \gset
SELECT is(pg_temp.outlook(), 'due 1', 'so is one that a worker has');
SELECT o365_programs.worker_report(:w, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', ARRAY[:ann]::bigint[],
    ARRAY[:lease]::bigint[], '{t}', NULL) \g /dev/null

-- It failed.
SELECT pg_temp.post(:w, :ann, 'retry') \g /dev/null
SELECT is(pg_temp.outlook(), 'failing 1, waiting 1', 'a card that failed waits, and fails');
SELECT is(pg_temp.next_at(), (pg_temp.lane(:ann)).next_at, 'until its next try');
SELECT is(pg_temp.paused_for_an_hour(:ann), 'due', 'which a pause that ends does not wait for');

-- The far end asked to wait.
SELECT pg_temp.post(:w, :ann, 'throttled', 600) \g /dev/null
SELECT (pg_temp.lane(:ann)).next_at AS asked \gset
SELECT is(pg_temp.outlook(), 'waiting 1', 'one that is throttled waits');
SELECT is(pg_temp.next_at(), :'asked', 'as long as the far end asked for');
SELECT is(pg_temp.paused_for_an_hour(:ann), 'retry later', 'also when a pause has ended meanwhile');
SELECT results_eq(format('SELECT l.next_at, l.throttled_since IS NOT NULL, l.problem FROM pg_temp.lane(%s) AS l', :ann),
    format('VALUES (%L::timestamptz, true, %L)', :'asked', 'busy'), 'until then, for that reason');
SELECT o365.pause(:ann), o365.resume(:ann) \g /dev/null
SELECT ok(l.why IS NULL AND l.next_at <= now(), 'who resumes by hand asks again') FROM pg_temp.lane(:ann) AS l;

-- Its quota is used up.
SELECT pg_temp.post(:w, :ann, 'delivered') \g /dev/null
SELECT o365.set_quota('connector', 3600, 1), o365.send(:ann, '{"text": "two"}') \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is_empty(format('SELECT * FROM pg_temp.claim(%s, %L, 100, 1)', :w, '-infinity'),
    'a second card in an hour may not');
SELECT is(pg_temp.outlook(), 'waiting 1', 'it waits');
SELECT is(pg_temp.next_at(), (pg_temp.lane(:ann)).next_at, 'until the quota allows it');
SELECT is(pg_temp.paused_for_an_hour(:ann), 'due', 'after a pause it is looked at');
SELECT is_empty(format('SELECT * FROM pg_temp.claim(%s, %L, 100, 1)', :w, '-infinity'), 'and still may not');
SELECT is((pg_temp.lane(:ann)).why, 'quota', 'so it waits on');
SELECT o365.set_quota('connector', 3600, 100000) \g /dev/null

-- Its far end is held, or fails.
SELECT o365.hold_host('*.webhook.office.com') \g /dev/null
SELECT is(pg_temp.outlook(), 'paused 1', 'behind a far end that is held it waits as behind a pause');
SELECT pg_temp.paused_for_an_hour(:ann) \g /dev/null
SELECT is_empty(format('SELECT * FROM pg_temp.claim(%s, %L, 100, 1)', :w, '-infinity'),
    'whose end changes nothing of that');
SELECT o365.release_host('*.webhook.office.com') \g /dev/null
UPDATE o365_internal.host SET failing_since = now(), failing_until = now() + interval '1 minute', problem = 'HTTP 503'
 WHERE name = '*.webhook.office.com';
SELECT is(pg_temp.outlook(), 'failing 1', 'behind one that fails it fails');
SELECT is(pg_temp.next_at(), h.failing_until, 'until that is tried again')
  FROM o365_internal.host AS h WHERE h.name = '*.webhook.office.com';
UPDATE o365_internal.host SET failing_since = NULL, failing_until = NULL, problem = NULL;

-- Paused, and suspended.
SELECT o365.pause(:ann) \g /dev/null
SELECT is(pg_temp.outlook(), 'paused 1', 'a card behind a pause is paused');
SELECT o365.send_test(:ann) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.outlook(), 'due 1, paused 1', 'and a test card is due beside it');
SELECT is(pg_temp.paused_for_an_hour(:ann), 'due', 'when the pause ends both go');
SELECT pg_temp.post(:w, :ann, 'delivered') \g /dev/null
SELECT o365_internal.hold(:ann, 'suspended', 'HTTP 403') \g /dev/null
SELECT is(pg_temp.outlook(), 'suspended 1', 'a card whose webhook is suspended is suspended');
SELECT o365.resume(:ann) \g /dev/null

-- It waits for its schedule.
SELECT o365.set_schedule(:ann,
    format('daily at %s:00', to_char(now() AT TIME ZONE 'UTC' + interval '12 hours', 'HH24'))) \g /dev/null
SELECT is((pg_temp.lane(:ann)).why, 'schedule', 'a connection gets a schedule');
SELECT is(pg_temp.outlook(), 'waiting 1', 'its cards wait');
SELECT is(pg_temp.next_at(), (pg_temp.lane(:ann)).not_before, 'for the next run');
SELECT is(pg_temp.paused_for_an_hour(:ann), 'schedule for its schedule', 'also when a pause has ended meanwhile');
SELECT o365.send(:ann, '{"text": "at once"}', urgent => true) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.outlook(), 'due 1', 'an urgent card is due');
SELECT pg_temp.post(:w, :ann, 'throttled', 600) \g /dev/null
SELECT is(pg_temp.outlook(), 'waiting 1', 'and waits when it is throttled');
SELECT pg_temp.paused_for_an_hour(:ann) \g /dev/null
SELECT ok(l.next_at > clock_timestamp() + interval '9 minutes', 'as long as the far end asked for, whatever pause ends')
  FROM pg_temp.lane(:ann) AS l;
SELECT o365.set_schedule(:ann, 'immediate'), o365.pause(:ann), o365.resume(:ann) \g /dev/null
SELECT pg_temp.post(:w, :ann, 'delivered'), pg_temp.post(:w, :ann, 'delivered') \g /dev/null

-- A card for later, whose host is forbidden meanwhile.
SELECT o365.send(:ann, '{"text": "later"}', not_before => now() + interval '1 hour') AS card \gset
SELECT is(pg_temp.outlook(), 'waiting 1', 'a card for later waits');
SELECT is(pg_temp.next_at(), (SELECT s.due_at FROM o365_internal.scheduled AS s), 'for its time');
SELECT pg_temp.paused_for_an_hour(:ann) \g /dev/null
SELECT is((SELECT s.due_at > now() FROM o365_internal.scheduled AS s WHERE s.card_id = :card), true,
    'which no pause changes');
SELECT is(o365.forbid_webhook_host('contoso.webhook.office.com'), true, 'another entry covers its host');
SELECT throws_ok($$SELECT o365.forbid_webhook_host('*.webhook.office.com')$$, '55006', NULL,
    'a host whose connections have cards for later alone is not forbidden without their number');
SELECT is(o365.forbid_webhook_host('*.webhook.office.com', suspends => 1), true, 'with it, it is');
SELECT is((SELECT count(*) FROM o365_internal.scheduled AS s WHERE s.card_id = :card), 1::bigint,
    'the card goes on to wait');
UPDATE o365_internal.scheduled SET due_at = now() WHERE card_id = :card;
SELECT o365_programs.worker_feed() \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
-- As a worker answers whose list has the host no more.
SELECT pg_temp.post(:w, :ann, 'suspend') \g /dev/null
SELECT is((SELECT s.status FROM o365.subscriptions AS s WHERE s.subscription_id = :ann), 'suspended',
    'its time suspends the connection, as any card would');
SELECT is(pg_temp.outlook(), 'suspended 1', 'and it waits');
SELECT o365.allow_webhook_host('connector', '*.webhook.office.com'), o365.resume(:ann) \g /dev/null
SELECT is(pg_temp.outlook(), 'due 1', 'until the host is allowed again and somebody resumes');
SELECT pg_temp.post(:w, :ann, 'delivered') \g /dev/null
SELECT is((SELECT d.outcome FROM o365.deliveries AS d WHERE d.card_id = :card), 'delivered', 'then it leaves');
SELECT * FROM finish();
