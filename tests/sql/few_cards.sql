-- Cards for idle lanes are leased at once (lease_few, lease_arrived), and their lanes are then as worker_feed and
-- worker_lease would have left them. What is not idle goes the long way.
\ir fixtures/setup.sql
SELECT no_plan();
SELECT pg_temp.connect('ann') AS ann, pg_temp.connect('bob') AS bob \gset
SELECT (o365_programs.worker_start('w1', 'test', 'production') ->> 'worker')::integer AS w1 \gset
CREATE TEMP TABLE outcome (state text, few bigint, short jsonb, long jsonb, short_card text, long_card text);

SELECT o365.set_quota('connector', 3600, 100) \g /dev/null
-- A session's first call takes longer than join_webhooks allows for all lanes together.
SELECT o365_internal.join_webhook(:ann), o365_internal.join_webhook(:bob) \g /dev/null

-- The lane without what differs between any two: its number and its cards' numbers, and times by their distance from
-- now.
CREATE FUNCTION pg_temp.state_of(s bigint) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_object_agg(c.key, CASE WHEN c.key IN ('next_at', 'lease_until', 'claimed_at', 'not_before')
                                             AND c.value <> '"infinity"'
                                        THEN to_jsonb(round(extract(epoch FROM
                                                 (c.value #>> '{}')::timestamptz - now())))
                                        WHEN c.key IN ('late', 'run') AND c.value <> 'null'
                                        THEN to_jsonb(jsonb_array_length(c.value)) ELSE c.value END)
      FROM o365_internal.lane AS l, jsonb_each(to_jsonb(l)) AS c
     WHERE l.subscription_id = s AND c.key NOT IN ('subscription_id', 'cursor', 'lease_no') $$;
-- Puts both lanes into a state, sends a card to each, and claims one the short way and the other the long way.
CREATE PROCEDURE pg_temp.claim_both(state text, worker integer, ann bigint, bob bigint, change text, cards integer)
LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
    v_few bigint;
    v_short text;
    v_long text;
    v_state jsonb;
BEGIN
    IF change <> '' THEN
        EXECUTE format('UPDATE o365_internal.lane SET %s WHERE subscription_id IN ($1, $2)', change) USING ann, bob;
    END IF;
    PERFORM o365_programs.worker_feed();
    COMMIT;
    PERFORM o365.send(ann, '{"text": "card"}') FROM generate_series(1, cards);
    COMMIT;
    SELECT count(*) INTO v_few FROM o365_internal.lease_few(worker, o365_internal.open_hosts(), 4, 10);
    ROLLBACK;
    SELECT string_agg(c.card, ',' ORDER BY c."position") INTO v_short
      FROM o365_programs.worker_claim(worker, '-infinity', 10, 20, 65536, 16384, NULL, NULL) AS c
     WHERE c.subscription_id = ann;
    -- A claim looks for 10 ms who shares a webhook, and the next one goes on.
    WHILE o365_internal.join_webhooks() > 0 LOOP END LOOP;
    v_state := pg_temp.state_of(ann);
    COMMIT;
    PERFORM o365.send(bob, '{"text": "card"}') FROM generate_series(1, cards);
    COMMIT;
    PERFORM o365_programs.worker_feed();
    PERFORM FROM o365_programs.worker_lease(worker, '-infinity', 10);
    SELECT string_agg(c.card, ',' ORDER BY c."position") INTO v_long
      FROM o365_internal.lane AS l, o365_programs.worker_cards(worker, ARRAY[bob], ARRAY[l.lease_no], 20, 65536, 16384)
           AS c WHERE l.subscription_id = bob;
    INSERT INTO outcome VALUES (state, v_few, v_state, pg_temp.state_of(bob), v_short, v_long);
    -- Back to idle.
    DELETE FROM o365_internal.outbox WHERE subscription_id IN (ann, bob);
    UPDATE o365_internal.lane AS l
       SET next_at = NULL, not_before = NULL, why = NULL, worker = NULL, lease_until = NULL, late = NULL, run = NULL,
           quota_off = false, quota_webhook = NULL, quota_clear = NULL, quota_version = 0, posts = 0,
           last_post_at = '-infinity',
           lease_below = NULL, granted = NULL, cursor = (SELECT last_value FROM o365_internal.card_id)
     WHERE subscription_id IN (ann, bob);
    COMMIT;
END $$;
CREATE FUNCTION pg_temp.limits() RETURNS bigint LANGUAGE sql AS $$
    SELECT max(q.version) FROM o365_internal.quota_window AS q WHERE q.dialect = 'connector' $$;

CALL pg_temp.claim_both('fresh', :w1, :ann, :bob, '', 1);
CALL pg_temp.claim_both('known', :w1, :ann, :bob,
    'posts = 3, quota_clear = 8, quota_past = ''{0,0,0,0,0}'', quota_version = pg_temp.limits()', 1);
CALL pg_temp.claim_both('four', :w1, :ann, :bob,
    'quota_clear = 8, quota_past = ''{0,0,0,0,0}'', quota_version = pg_temp.limits()', 4);
CALL pg_temp.claim_both('five', :w1, :ann, :bob,
    'quota_clear = 8, quota_past = ''{0,0,0,0,0}'', quota_version = pg_temp.limits()', 5);
CALL pg_temp.claim_both('eleven', :w1, :ann, :bob, 'quota_off = true', 11);
CALL pg_temp.claim_both('five, fresh', :w1, :ann, :bob, '', 5);
CALL pg_temp.claim_both('five, paused', :w1, :ann, :bob, 'why = ''pause'', not_before = ''infinity''', 5);
CALL pg_temp.claim_both('five, used up', :w1, :ann, :bob,
    'posts = 8, quota_clear = 8, quota_past = ''{0,0,0,0,0}'', quota_version = pg_temp.limits()', 5);
CALL pg_temp.claim_both('unlimited', :w1, :ann, :bob, 'quota_off = true', 1);
CALL pg_temp.claim_both('used up', :w1, :ann, :bob,
    'posts = 8, quota_clear = 8, quota_past = ''{0,0,0,0,0}'', quota_version = pg_temp.limits()', 1);
CALL pg_temp.claim_both('other limits', :w1, :ann, :bob, 'quota_clear = 8, quota_version = -1', 1);
CALL pg_temp.claim_both('waits', :w1, :ann, :bob,
    'why = ''retry'', not_before = now() + interval ''1 hour'', next_at = now() + interval ''1 hour''', 1);
CALL pg_temp.claim_both('paused', :w1, :ann, :bob, 'why = ''pause'', not_before = ''infinity''', 1);
CALL pg_temp.claim_both('ahead', :w1, :ann, :bob, 'cursor = 9000000000000000000', 1);
CALL pg_temp.claim_both('shares', :w1, :ann, :bob, 'quota_off = true, quota_webhook = 0', 1);
CALL pg_temp.claim_both('run', :w1, :ann, :bob, 'run = ''{}''', 1);
SELECT results_eq('SELECT state, few FROM outcome ORDER BY state', $$VALUES ('ahead', 0::bigint), ('eleven', 0),
    ('five', 1), ('five, fresh', 1), ('five, paused', 0), ('five, used up', 1), ('four', 1),
    ('fresh', 0), ('known', 1), ('other limits', 0), ('paused', 0), ('run', 0), ('shares', 0),
    ('unlimited', 1), ('used up', 0), ('waits', 0)$$,
    'up to four cards of an idle lane that knows its limits are leased at once, and more of any idle one');
SELECT is(o.short, o.long, format('%s: the lane is as the long way leaves it', o.state)) FROM outcome AS o
 ORDER BY o.state;
SELECT is(o.short_card, o.long_card, format('%s: with the same cards', o.state)) FROM outcome AS o ORDER BY o.state;
SELECT is((SELECT o.short_card FROM outcome AS o WHERE o.state = 'four'), concat_ws(',', '{"text": "card"}',
    '{"text": "card"}', '{"text": "card"}', '{"text": "card"}'), 'four cards of one lane come together');

-- Ten cards of ten lanes, a transaction each, and claims of six lanes.
SELECT o365.set_quota('connector', 3600, NULL) \g /dev/null
CREATE TEMP TABLE many AS SELECT pg_temp.connect('many', n) AS id, n FROM generate_series(1, 10) AS n;
SELECT o365_internal.join_webhook(m.id) FROM many AS m \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
CREATE PROCEDURE pg_temp.send_to_all() LANGUAGE plpgsql AS $$
DECLARE
    v_id bigint;
BEGIN
    FOR v_id IN SELECT m.id FROM many AS m ORDER BY m.id LOOP
        PERFORM o365.send(v_id, '{"text": "card"}');
        COMMIT;
    END LOOP;
END $$;
CREATE FUNCTION pg_temp.claimed(worker integer) RETURNS bigint LANGUAGE sql AS $$
    SELECT count(DISTINCT c.subscription_id)
      FROM o365_programs.worker_claim(worker, '-infinity', 6, 20, 65536, 16384, NULL, NULL) AS c $$;
CREATE FUNCTION pg_temp.fed_lanes() RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM o365_internal.lane AS l JOIN many AS m ON m.id = l.subscription_id
     WHERE l.next_at IS NOT NULL $$;
CREATE PROCEDURE pg_temp.end_all() LANGUAGE sql AS $$
    DELETE FROM o365_internal.outbox;
    UPDATE o365_internal.lane SET next_at = NULL, worker = NULL, lease_until = NULL, granted = NULL,
        cursor = (SELECT last_value FROM o365_internal.card_id);
    SELECT o365_programs.worker_feed() $$;
CALL pg_temp.send_to_all();
SELECT is(pg_temp.claimed(:w1), 6::bigint, 'of ten cards for idle lanes of one connector a claim takes what it wants');
SELECT is(pg_temp.fed_lanes(), 6::bigint, 'and writes to no other lane');
SELECT is(pg_temp.claimed(:w1), 4::bigint, 'the next one takes the others');
SELECT is((SELECT f.behind_since FROM o365_internal.fed AS f ORDER BY f.n DESC LIMIT 1), NULL, 'and leaves none');
CALL pg_temp.end_all();
CALL pg_temp.send_to_all();
SELECT o365.send(m.id, '{"text": "second"}') FROM many AS m WHERE m.n = 1 \g /dev/null
SELECT is(pg_temp.claimed(:w1), 6::bigint, 'where one of the lanes has another card');
SELECT is(pg_temp.fed_lanes(), 10::bigint, 'all are handed over, so that its cards leave together');
CALL pg_temp.end_all();
CALL pg_temp.send_to_all();
SELECT pg_temp.claimed(:w1) \g /dev/null
UPDATE o365_internal.fed SET behind_since = now() - interval '6 seconds' WHERE behind_since IS NOT NULL;
SELECT o365.send(m.id, '{"text": "second"}') FROM many AS m WHERE m.n = 1 \g /dev/null
SELECT pg_temp.claimed(:w1) \g /dev/null
SELECT is((SELECT f.behind_since FROM o365_internal.fed AS f ORDER BY f.n DESC LIMIT 1), NULL,
    'for a few seconds cards are left behind, then none');
CALL pg_temp.end_all();
SELECT o365.register_connector('news', 'News', pg_temp.logo(), 's', 'l', 'https://contoso.example',
    '{one}') \g /dev/null
UPDATE o365_internal.lane SET connector_id = (SELECT c.connector_id FROM o365_internal.connector AS c
                                               WHERE c.slug = 'news')
 WHERE subscription_id = (SELECT max(m.id) FROM many AS m);
CALL pg_temp.send_to_all();
SELECT is(pg_temp.claimed(:w1), 6::bigint, 'where one of them is of another connector');
SELECT is(pg_temp.fed_lanes(), 10::bigint, 'all are handed over, so that they take turns');
CALL pg_temp.end_all();
UPDATE o365_internal.lane SET connector_id = (SELECT c.connector_id FROM o365_internal.connector AS c
                                               WHERE c.slug = 'desk')
 WHERE subscription_id IN (SELECT m.id FROM many AS m);
CALL pg_temp.send_to_all();
SELECT pg_temp.claimed(:w1) \g /dev/null
UPDATE o365_internal.lane SET connector_id = (SELECT c.connector_id FROM o365_internal.connector AS c
                                               WHERE c.slug = 'news') WHERE subscription_id = :bob;
SELECT o365.send(:bob, '{"text": "card"}') \g /dev/null
SELECT o365.send(m.id, '{"text": "later"}') FROM many AS m WHERE m.n <= 3 \g /dev/null
SELECT pg_temp.claimed(:w1) \g /dev/null
SELECT isnt((pg_temp.lane(:bob)).next_at, NULL, 'what comes later of another connector does not wait behind them');
SELECT finish();
