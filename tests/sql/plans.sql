-- The hot statements keep their plans whatever the statistics say: cards are fed, claimed and ended while the planner
-- believes the tables to be empty, huge, or knows nothing. A sequential scan would be the beginning of a stalled queue.
\ir fixtures/setup.sql
SELECT no_plan();
SELECT pg_temp.connect('ann') AS ann \gset
-- Committed: a round of arrivals sees nothing else.
INSERT INTO o365_internal.outbox (card_id, position, subscription_id, card, not_after, collapse_key)
    SELECT nextval('o365_internal.card_id'), currval('o365_internal.card_id'), :ann, '{}', now() + interval '1 day',
           'key ' || i FROM generate_series(1, 2000) AS i;
INSERT INTO o365_internal.collapse (subscription_id, key, card_id)
    SELECT o.subscription_id, o.collapse_key, o.card_id FROM o365_internal.outbox AS o WHERE o.collapse_key IS NOT NULL;
-- More than one round takes: handed over as a bulk transaction.
INSERT INTO o365_internal.outbox (card_id, position, subscription_id, card)
    SELECT nextval('o365_internal.card_id'), currval('o365_internal.card_id'), :ann, '{}' FROM generate_series(1, 6000);
SELECT (o365_programs.worker_start('w', 'test', 'production') ->> 'worker')::integer AS w \gset
-- Scans of this transaction, as PostgreSQL counts them.
CREATE FUNCTION pg_temp.scans() RETURNS bigint LANGUAGE sql AS $$
    SELECT sum(s.seq_scan)::bigint FROM pg_stat_xact_user_tables AS s
     WHERE s.schemaname = 'o365_internal'
       AND (s.relname IN ('outbox', 'lane', 'fed', 'subscription', 'handing', 'handed_early', 'postponed', 'collapse',
           'scheduled', 'set_aside', 'dead_card', 'dedupe')
            OR s.relname ~ '^(delivery|attempt|quota)_') $$;
-- Limits that are far away, and lanes that have to ask their history for every one of them.
SELECT o365.set_quota('connector', s, 100000) FROM unnest('{1,3600,86400}'::integer[]) AS s \g /dev/null
-- Feeds, claims and reports as a worker does; how often a table was scanned, and how many cards ended.
CREATE FUNCTION pg_temp.drive(w integer, pages integer, tuples real, OUT scans bigint, OUT ended bigint)
    LANGUAGE plpgsql AS $$
DECLARE
    v_before bigint;
    v_own bigint;   -- scans of what this function does to the tables itself
    v_claim record;
BEGIN
    UPDATE pg_class SET relpages = pages, reltuples = tuples
     WHERE oid IN ('o365_internal.outbox'::regclass, 'o365_internal.lane'::regclass, 'o365_internal.fed'::regclass,
                   'o365_internal.subscription'::regclass, 'o365_internal.postponed'::regclass,
                   'o365_internal.handing'::regclass,
                   'o365_internal.scheduled'::regclass, 'o365_internal.set_aside'::regclass,
                   'o365_internal.dead_card'::regclass);
    INSERT INTO o365_internal.scheduled (card_id, subscription_id, due_at, card, enqueued_at)
        SELECT nextval('o365_internal.card_id'), (SELECT min(s.subscription_id) FROM o365_internal.subscription AS s),
               now(), '{}', now() FROM generate_series(1, 10);
    DISCARD PLANS;
    v_before := pg_temp.scans();
    PERFORM o365_programs.worker_feed();
    -- As if the lane had been locked, and as if the cursor had passed more cards than are written down as late.
    v_own := pg_temp.scans();
    INSERT INTO o365_internal.postponed SELECT l.subscription_id, 1 FROM o365_internal.lane AS l
        ORDER BY l.subscription_id LIMIT 1;
    UPDATE o365_internal.lane AS l SET cursor = 1000000, last_post_at = NULL, quota_past = NULL, quota_clear = NULL,
        retried_at = now() WHERE l.next_at IS NOT NULL;
    v_before := v_before + pg_temp.scans() - v_own;
    PERFORM o365_programs.worker_feed();
    SELECT array_agg(c.subscription_id) AS s, array_agg(c.lease_no) AS l, array_agg(c.position) AS p INTO v_claim
      FROM pg_temp.claim(w, '-infinity', 10, 10) AS c;
    ended := (o365_programs.worker_report(w, v_claim.s, v_claim.l, v_claim.p,
        array_fill('delivered'::text, ARRAY[8]) || '{dead,expired}'::text[],
        array_fill(100, ARRAY[10]), array_fill(200, ARRAY[10]), array_fill(NULL::integer, ARRAY[10]), array_fill(1,
            ARRAY[10]), array_fill(NULL::text, ARRAY[10]), v_claim.s[1:1], v_claim.l[1:1], '{t}', '{1}')).ended;
    PERFORM o365_programs.worker_recheck(v_claim.s, v_claim.l, array_fill(1, ARRAY[10]));
    PERFORM o365_programs.worker_lease(w, '-infinity', 10);
    PERFORM o365_programs.worker_cards(w, v_claim.s, v_claim.l, 10, 65536, 1000000);
    PERFORM o365_programs.worker_claim(w, '-infinity', 10, 10, 65536, 16384, NULL, NULL);
    -- And as if there were nothing to do.
    v_own := pg_temp.scans();
    UPDATE o365_internal.lane AS l SET next_at = now() + interval '1 hour' WHERE l.next_at < now();
    DELETE FROM o365_internal.postponed;
    DELETE FROM o365_internal.handing;
    v_before := v_before + pg_temp.scans() - v_own;
    PERFORM o365_programs.worker_claim(w, '-infinity', 10, 10, 65536, 16384, NULL, NULL);
    scans := pg_temp.scans() - v_before;
    IF (SELECT l.quota_past[5] IS NULL FROM o365_internal.lane AS l WHERE l.subscription_id = v_claim.s[1]) THEN
        RAISE EXCEPTION 'nobody has looked into the history';
    END IF;
    UPDATE o365_internal.lane AS l SET next_at = now(), worker = NULL;
END $$;
BEGIN;
SELECT is(pg_temp.drive(:w, 0, 0)::text, '(0,10)', 'no table is scanned when the planner believes all are empty');
COMMIT;
BEGIN;
SELECT is(pg_temp.drive(:w, 1000000, 1e8)::text, '(0,10)', 'nor when it believes all are huge');
COMMIT;
BEGIN;
SELECT is(pg_temp.drive(:w, -1, -1)::text, '(0,10)', 'nor when it knows nothing');
CREATE TEMP TABLE probe AS SELECT count(*) FROM o365_internal.outbox;
SELECT ok(pg_temp.scans() > 0, 'a scan would have been counted');
COMMIT;
-- Schedules: a lane begins to wait, is folded, and gives back what is due.
SELECT pg_temp.connect('zoe') AS zoe \gset
SELECT o365.set_schedule(:zoe, 'hourly') \g /dev/null
INSERT INTO o365_internal.outbox (card_id, position, subscription_id, card, enqueued_at)
    SELECT nextval('o365_internal.card_id'), currval('o365_internal.card_id'), :zoe, '{"text": "a"}',
           now() - interval '2 hours' FROM generate_series(1, 20);
CREATE FUNCTION pg_temp.fold(w integer, s bigint, pages integer, tuples real, OUT scans bigint, OUT digested bigint,
    OUT waits text) LANGUAGE plpgsql AS $$
DECLARE
    v_before bigint;
    v_lease_no bigint;
BEGIN
    UPDATE pg_class SET relpages = pages, reltuples = tuples
     WHERE oid IN ('o365_internal.outbox'::regclass, 'o365_internal.lane'::regclass, 'o365_internal.fed'::regclass,
                   'o365_internal.subscription'::regclass, 'o365_internal.postponed'::regclass,
                   'o365_internal.handing'::regclass);
    UPDATE o365_internal.lane AS l SET next_at = NULL WHERE l.subscription_id <> s;
    DISCARD PLANS;
    v_before := pg_temp.scans();
    PERFORM o365_programs.worker_feed();
    v_lease_no := (SELECT l.lease_no FROM o365_programs.worker_lease(w, '-infinity', 10) AS l
        WHERE l.subscription_id = s);
    PERFORM o365_programs.worker_cards(w, ARRAY[s], ARRAY[v_lease_no], 10, 65536, 1000000);
    PERFORM o365_programs.worker_report(w, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', ARRAY[s],
        ARRAY[v_lease_no], '{t}', NULL);
    PERFORM o365_internal.chore_fold_late();
    scans := pg_temp.scans() - v_before;
    digested := (SELECT count(*) FROM o365_internal.delivery AS d WHERE d.subscription_id = s
        AND d.outcome = 'digested');
    waits := (SELECT cardinality(l.run)::text FROM o365_internal.lane AS l WHERE l.subscription_id = s);
END $$;
BEGIN;
SELECT is(pg_temp.fold(:w, :zoe, 0, 0)::text, '(0,20,1)',
    'folding scans no table when the planner believes all are empty');
ROLLBACK;
BEGIN;
SELECT is(pg_temp.fold(:w, :zoe, 1000000, 1e8)::text, '(0,20,1)', 'nor when it believes all are huge');
ROLLBACK;
BEGIN;
SELECT is(pg_temp.fold(:w, :zoe, -1, -1)::text, '(0,20,1)', 'nor when it knows nothing');
ROLLBACK;
DELETE FROM o365_internal.outbox WHERE subscription_id = :zoe;
-- Connections of one webhook: found, granted POSTs, reported, removed and forgotten.
SELECT pg_temp.connect('yan') AS yan \gset
CREATE FUNCTION pg_temp.share(w integer, a bigint, b bigint, pages integer, tuples real, OUT scans bigint,
    OUT together bigint) LANGUAGE plpgsql AS $$
DECLARE
    v_before bigint;
    v_lease_no bigint;
BEGIN
    UPDATE o365_internal.subscription AS s SET webhook_index = o.webhook_index FROM o365_internal.subscription AS o
     WHERE s.subscription_id = b AND o.subscription_id = a;
    UPDATE o365_internal.lane AS l SET next_at = CASE WHEN l.subscription_id = b THEN now() END, why = NULL,
        not_before = NULL, run = NULL, quota_webhook = CASE WHEN l.subscription_id = b THEN 0 END;
    UPDATE pg_class SET relpages = pages, reltuples = tuples
     WHERE oid IN ('o365_internal.lane'::regclass, 'o365_internal.subscription'::regclass,
                   'o365_internal.quota_group'::regclass, 'o365_internal.quota_slot'::regclass);
    DISCARD PLANS;
    v_before := pg_temp.scans();
    v_lease_no := (SELECT l.lease_no FROM o365_programs.worker_lease(w, '-infinity', 10) AS l
        WHERE l.subscription_id = b);
    PERFORM o365_programs.worker_report(w, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', ARRAY[b],
        ARRAY[v_lease_no], '{t}', NULL);
    scans := pg_temp.scans() - v_before;
    together := (SELECT count(*) FROM o365_internal.lane AS l WHERE l.quota_webhook > 0);
    v_before := pg_temp.scans();
    PERFORM o365.remove(b);
    PERFORM o365_internal.chore_forget_webhooks();
    scans := scans + pg_temp.scans() - v_before;
END $$;
BEGIN;
SELECT is(pg_temp.share(:w, :ann, :yan, 0, 0)::text, '(0,2)',
    'sharing a webhook scans no table when the planner believes all are empty');
ROLLBACK;
BEGIN;
SELECT is(pg_temp.share(:w, :ann, :yan, 1000000, 1e8)::text, '(0,2)', 'nor when it believes all are huge');
ROLLBACK;
BEGIN;
SELECT is(pg_temp.share(:w, :ann, :yan, -1, -1)::text, '(0,2)', 'nor when it knows nothing');
ROLLBACK;
-- Callbacks, likewise. What they read is counted in rows: an index that is walked from end to end is no better than a
-- scan.
CREATE FUNCTION pg_temp.rows_read() RETURNS bigint LANGUAGE sql AS $$
    SELECT sum(s.seq_tup_read + coalesce(s.idx_tup_fetch, 0))::bigint FROM pg_stat_xact_user_tables AS s
     WHERE s.schemaname = 'o365_internal'
       AND s.relname IN ('connect_attempt', 'ticket', 'subscription', 'lane', 'outbox', 'card_action', 'card_warning',
           'scheduled', 'dedupe', 'dead_card') $$;
CREATE FUNCTION pg_temp.rows_of_a_callback(state text, pages integer, tuples real, OUT outcome text, OUT few boolean)
    LANGUAGE plpgsql AS $$
DECLARE
    v_before bigint;
BEGIN
    UPDATE pg_class SET relpages = pages, reltuples = tuples
     WHERE oid IN ('o365_internal.connect_attempt'::regclass, 'o365_internal.ticket'::regclass,
         'o365_internal.subscription'::regclass, 'o365_internal.lane'::regclass);
    PERFORM pg_temp.begin(state, 'cookie');
    -- Younger ones, so that it is not the first that anybody finds.
    INSERT INTO o365_internal.connect_attempt (connector_id, state_hash, expires_at, request_id, app_user)
        SELECT c.connector_id, sha256(convert_to(state || i, 'UTF8')), now() + interval '1 hour',
               'r-other-' || state || i, 'ann'
          FROM o365_internal.connector AS c, generate_series(1, 3000) AS i;
    DISCARD PLANS;
    v_before := pg_temp.rows_read();
    outcome := pg_temp.callback(state, 'cookie', 'r-' || state,
        'https://contoso.webhook.office.com/webhookb2/' || state, group_name => state) ->> 'outcome';
    few := pg_temp.rows_read() - v_before < 40;
END $$;
-- Eight that come together, of a user each.
CREATE FUNCTION pg_temp.rows_of_callbacks(prefix text, pages integer, tuples real, OUT connected integer,
    OUT few boolean) LANGUAGE plpgsql AS $$
DECLARE
    v_names text[] := ARRAY(SELECT prefix || i FROM generate_series(1, 8) AS i);
    v_before bigint;
BEGIN
    UPDATE pg_class SET relpages = pages, reltuples = tuples
     WHERE oid IN ('o365_internal.connect_attempt'::regclass, 'o365_internal.ticket'::regclass,
         'o365_internal.subscription'::regclass, 'o365_internal.lane'::regclass);
    PERFORM pg_temp.begin(u.name, 'cookie', u.name) FROM unnest(v_names) AS u (name);
    DISCARD PLANS;
    v_before := pg_temp.rows_read();
    connected := cardinality(array_positions(pg_temp.callbacks(v_names), 'connected'));
    few := pg_temp.rows_read() - v_before < 8 * 20;
END $$;
BEGIN;
SELECT is(pg_temp.rows_of_a_callback('one', 0, 0)::text, '(connected,t)',
    'a callback reads a few rows when the planner believes all tables are empty');
SELECT is(pg_temp.rows_of_callbacks('uno', 0, 0)::text, '(8,t)', 'eight that come together, likewise');
COMMIT;
BEGIN;
SELECT is(pg_temp.rows_of_a_callback('two', 1000000, 1e8)::text, '(connected,t)', 'and when it believes all are huge');
SELECT is(pg_temp.rows_of_callbacks('due', 1000000, 1e8)::text, '(8,t)', 'eight that come together, likewise');
COMMIT;
BEGIN;
SELECT is(pg_temp.rows_of_a_callback('three', -1, -1)::text, '(connected,t)', 'and when it knows nothing');
SELECT is(pg_temp.rows_of_callbacks('tre', -1, -1)::text, '(8,t)', 'eight that come together, likewise');
COMMIT;
BEGIN;
CREATE TEMP TABLE read_before AS SELECT pg_temp.rows_read() AS n;
CREATE TEMP TABLE probe_attempts AS SELECT a.request_id FROM o365_internal.connect_attempt AS a;
SELECT ok(pg_temp.rows_read() - (SELECT r.n FROM read_before AS r) > 3000, 'more would have been counted');
COMMIT;
-- What a callback costs is its statements and the indexes of what it writes.
CREATE FUNCTION pg_temp.looks() RETURNS bigint LANGUAGE sql AS $$
    SELECT sum(s.seq_scan + coalesce(s.idx_scan, 0))::bigint FROM pg_stat_xact_user_tables AS s
     WHERE s.schemaname = 'o365_internal' $$;
CREATE FUNCTION pg_temp.looks_of_a_callback(state text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_before bigint;
BEGIN
    PERFORM pg_temp.begin(state, 'cookie', state);
    v_before := pg_temp.looks();
    PERFORM pg_temp.callback(state, 'cookie', 'r-' || state, 'https://contoso.webhook.office.com/webhookb2/' || state);
    RETURN pg_temp.looks() - v_before;
END $$;
SELECT cmp_ok(pg_temp.looks_of_a_callback('look'), '<=', 18::bigint,
    'a callback with a ticket looks into tables 18 times');
SELECT is(ARRAY(SELECT i.indexrelid::regclass::text FROM pg_index AS i
                 WHERE i.indrelid IN ('o365_internal.connect_attempt'::regclass, 'o365_internal.subscription'::regclass)
                 ORDER BY i.indexrelid::regclass::text COLLATE "C"), ARRAY[
    'o365_internal.connect_attempt_app_user',           -- export_user, erase_user
    'o365_internal.connect_attempt_expiry',             -- chore_abandon_attempts
    'o365_internal.connect_attempt_pkey',
    'o365_internal.connect_attempt_public_id',          -- the pages after a callback or a paste
    'o365_internal.connect_attempt_request',            -- outcomes, failure pages, o365.connect_attempt
    'o365_internal.connect_attempt_state_is_unique',    -- judge_attempt
    'o365_internal.connect_attempt_subscription',       -- the foreign key, pastes, stateless_before
    'o365_internal.connect_attempt_way',                -- bounds on starts and pastes, health, chore_forget_attempts
    'o365_internal.subscription_connector',             -- few_subscriptions, remove_connector
    'o365_internal.subscription_host',                  -- hosts_there_are
    'o365_internal.subscription_idle',                  -- health_workflows_idle
    'o365_internal.subscription_idle_check',            -- chore_find_idle
    'o365_internal.subscription_key',                   -- sealed_rows
    'o365_internal.subscription_of_user',               -- one webhook once a user; a user's connections
    'o365_internal.subscription_paused_until',          -- chore_resume_paused
    'o365_internal.subscription_pkey',
    'o365_internal.subscription_place',                 -- same_place
    'o365_internal.subscription_same_webhook',          -- make_lane, join_webhook
    'o365_internal.subscription_status',                -- health, chores
    'o365_internal.subscription_user'                   -- find-user
    ], 'each index of what a callback writes has a reader');
-- A session keeps its plans, and those of a new installation are made while its tables are tiny: what is called in
-- long-lived sessions reads as little when they have grown, with the plans of then.
SELECT is(ARRAY(
    SELECT p.oid::regprocedure::text FROM pg_proc AS p JOIN pg_language AS l ON l.oid = p.prolang
     WHERE l.lanname = 'plpgsql' AND NOT coalesce(p.proconfig @> '{enable_seqscan=off,jit=off}', false)
       AND (p.oid IN ('o365_internal.receive_callback'::regproc, 'o365_internal.receive_callbacks'::regproc)
            OR p.pronamespace IN ('o365'::regnamespace, 'o365_programs'::regnamespace)
               AND (has_function_privilege('o365_responder', p.oid, 'EXECUTE')
                    OR has_function_privilege('o365_app', p.oid, 'EXECUTE') AND p.provolatile = 'v'))), '{}',
    'no function of the responder or of an application that keeps plans may scan a table');
-- A function in SQL that pins its search_path is not inlined: it is parsed and planned at every call, which was half of
-- what o365.send costs. Whatever a card or a request may call is PL/pgSQL, which keeps its plans. What is reached is
-- found by name.
WITH RECURSIVE ours AS (
    SELECT p.oid, p.proname, p.prosrc, l.lanname = 'sql' AND p.proconfig IS NOT NULL AS is_planned_each_time
      FROM pg_proc AS p JOIN pg_language AS l ON l.oid = p.prolang
     WHERE p.pronamespace IN ('o365'::regnamespace, 'o365_programs'::regnamespace, 'o365_internal'::regnamespace)
       AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = p.oid AND d.deptype = 'e')),
reached AS (
    SELECT o.* FROM ours AS o JOIN pg_proc AS p ON p.oid = o.oid
     WHERE o.proname IN ('receive_callback', 'receive_callbacks', 'visible_connectors', 'few_subscriptions',
         'few_deliveries', 'few_attempts', 'few_card_warnings', 'few_event_connectors', 'few_events', 'worker_orders',
         'worker_action_key')
        OR p.pronamespace IN ('o365'::regnamespace, 'o365_programs'::regnamespace)
           AND (has_function_privilege('o365_responder', o.oid, 'EXECUTE') OR has_function_privilege('o365_app', o.oid,
               'EXECUTE')
                OR o.proname IN ('worker_feed', 'worker_lease', 'worker_cards', 'worker_claim', 'worker_recheck',
                    'worker_report', 'worker_secrets', 'worker_adopt', 'worker_heartbeat', 'worker_start'))
    UNION
    SELECT o.* FROM reached AS r JOIN ours AS o ON r.prosrc ~ ('\mo365(_programs|_internal)?\.' || o.proname || '\('))
SELECT is(ARRAY(SELECT r.proname::text FROM reached AS r WHERE r.is_planned_each_time
    -- Once a registration.
    AND r.proname <> 'connector_problems' ORDER BY 1), '{}',
    'what is called for each card or request keeps its plan');
-- A connection from its button to its end, by the responder, an application and an operator.
CREATE FUNCTION pg_temp.live(n integer, OUT rows_read bigint) LANGUAGE plpgsql AS $$
DECLARE
    v_state text := 'live-' || n;
    v_before bigint;
    v_id bigint;
    v_page jsonb;
BEGIN
    v_before := pg_temp.rows_read();
    PERFORM pg_temp.begin(v_state, 'cookie', 'ann');
    v_page := pg_temp.callback(v_state, 'cookie', 'r-live-' || n, 'https://contoso.webhook.office.com/webhookb2/live'
        || n, group_name => 'Live ' || n);
    PERFORM o365_programs.responder_done('desk', regexp_replace(v_page ->> 'location', '.*/', ''),
        ARRAY[sha256('cookie')]);
    SELECT a.subscription_id INTO v_id FROM o365_internal.connect_attempt AS a WHERE a.request_id = 'r-live-' || n;
    PERFORM o365.send(v_id, '{"text": "Hello"}');
    PERFORM o365.send_many(ARRAY[v_id], ARRAY['{"text": "Hello"}'::jsonb]);
    PERFORM o365.send(v_id, '{"text": "Hello"}', not_before => now() + interval '1 day', collapse => 'key',
        dedupe => 'key', urgent => true);
    PERFORM o365.cancel_card(o365.send(v_id, '{"text": "Hello"}', not_after => now() + interval '1 day',
        dedupe => 'other'));
    PERFORM o365.pause(v_id), o365.resume(v_id);
    PERFORM o365.remove(v_id);
    rows_read := pg_temp.rows_read() - v_before;
END $$;
BEGIN;
DISCARD PLANS;
DELETE FROM o365_internal.outbox;
UPDATE pg_class SET relpages = 0, reltuples = 0
 WHERE relnamespace = 'o365_internal'::regnamespace AND relkind = 'r'
   AND relname IN ('connect_attempt', 'ticket', 'subscription', 'lane', 'outbox', 'card_action', 'card_warning');
SELECT sum(pg_temp.live(n)) > 0 FROM generate_series(1, 12) AS n \g /dev/null
CREATE TEMP TABLE others AS SELECT nextval('o365_internal.subscription_subscription_id_seq') AS id, i
    FROM generate_series(1, 3000) AS i;
INSERT INTO o365_internal.subscription (subscription_id, connector_id, app_user, dialect, webhook_host, webhook_index,
    status)
    SELECT o.id, s.connector_id, s.app_user, s.dialect, s.webhook_host, sha256(convert_to(o.i::text, 'UTF8')), 'active'
      FROM others AS o, o365_internal.subscription AS s WHERE s.subscription_id = :ann;
INSERT INTO o365_internal.lane (subscription_id) SELECT o.id FROM others AS o;
INSERT INTO o365_internal.connect_attempt (connector_id, state_hash, public_id, expires_at, request_id, app_user,
    outcome, subscription_id)
    SELECT s.connector_id, sha256(convert_to('other' || o.id, 'UTF8')), gen_random_uuid(), now(), 'r-o' || o.id,
           s.app_user, 'connected', o.id
      FROM others AS o JOIN o365_internal.subscription AS s ON s.subscription_id = o.id;
INSERT INTO o365_internal.outbox (card_id, position, subscription_id, card)
    SELECT nextval('o365_internal.card_id'), currval('o365_internal.card_id'), o.id, '{}' FROM others AS o;
INSERT INTO o365_internal.scheduled (card_id, subscription_id, due_at, card, enqueued_at)
    SELECT nextval('o365_internal.card_id'), o.id, now() + interval '1 hour', '{}', now() FROM others AS o;
INSERT INTO o365_internal.dedupe (subscription_id, key, card_id, until) SELECT o.id, 'key', o.id,
    now() + interval '1 hour' FROM others AS o;
SELECT cmp_ok(pg_temp.live(100), '<', 150::bigint,
    'a connection lived through with the plans of a tiny installation reads few rows of a grown one');
COMMIT;
-- health() is asked every minute, by sessions that come and go.
BEGIN;
CREATE FUNCTION pg_temp.waits_long(pages integer, tuples real, OUT told bigint, OUT scans bigint, OUT few boolean)
LANGUAGE plpgsql AS $$
DECLARE
    v_scans bigint;
    v_rows bigint;
BEGIN
    UPDATE pg_class SET relpages = pages, reltuples = tuples
     WHERE oid IN ('o365_internal.lane'::regclass, 'o365_internal.outbox'::regclass);
    DISCARD PLANS;
    v_scans := pg_temp.scans();
    v_rows := pg_temp.rows_read();
    told := (SELECT count(*) FROM o365_internal.health_card_waits_long());
    scans := pg_temp.scans() - v_scans;
    few := pg_temp.rows_read() - v_rows < 4500;   -- a thousand lanes, and the card that goes first in each
END $$;
UPDATE o365_internal.lane AS l SET why = NULL, not_before = NULL, next_at = now();
UPDATE o365_internal.outbox AS o SET enqueued_at = now() - interval '30 hours';
SELECT is(pg_temp.waits_long(pages, tuples)::text, '(1,0,t)',
          'the card that waits longest is found without a scan when the planner believes ' || what)
  FROM (VALUES (0, 0, 'the tables to be empty'), (1000000, 1e8, 'them to be huge'),
      (-1, -1, 'nothing')) AS b (pages, tuples, what);
COMMIT;
SELECT * FROM finish();
