-- The sandbox's webhooks: they answer as faults, throttle, removal and workflows say.
\ir fixtures/setup.sql
BEGIN;
SELECT no_plan();
\ir fixtures/sandbox.sql

SELECT is(pg_temp.post('g'), 'ok', 'a card is taken');
SELECT is(pg_temp.post('g', '400-text'), '400-text', 'a card without text is refused');
SELECT is(pg_temp.post('f', '400-text'), 'ok', 'a workflow''s trigger takes any JSON');
SELECT is(pg_temp.post('f', '400-json'), '400-json', 'but no other text');
SELECT is(pg_temp.post('f', 'workflow-two-authorizations'), 'workflow-two-authorizations',
    'and no token beside its signature');
SELECT is(pg_temp.post('g', 'get') || ' ' || pg_temp.post('g', 'other-method'), 'get other-method',
    'what is no POST is answered as such');
SELECT is((SELECT string_agg(answered, ' ' ORDER BY post_id) FROM o365_programs.sandbox_log(NULL, 0, 1000000, true, 3,
    NULL)), 'workflow-two-authorizations get other-method', 'and all of it is in the log');
SELECT is(pg_temp.post('nothing'), NULL, 'there are no other webhooks');
SELECT is((SELECT answered FROM o365_programs.sandbox_log(NULL, 0, 1000000, true, 1, NULL)), '404',
    'a request to one that does not exist is in the log');

SELECT o365_programs.sandbox_set_fault(0, ARRAY['503'], 2, NULL, 7);
SELECT is(pg_temp.post('g') || ', ' || pg_temp.post('f') || ', ' || pg_temp.post('g'), '503 7, 503 7, ok',
    'a fault of all is given as often as asked for');
SELECT o365_programs.sandbox_set_fault(group_id, ARRAY['ok', '429-in-200', '410'], NULL, NULL, NULL) FROM place;
SELECT is((SELECT string_agg(pg_temp.post('g'), ' ') FROM generate_series(1, 6)), 'ok 429-in-200 410 ok 429-in-200 410',
    'a pattern goes round');
SELECT is(pg_temp.post('f'), 'ok', 'and is that webhook''s alone');
SELECT o365_programs.sandbox_set_fault(group_id, ARRAY['403'], NULL, 50, NULL) FROM place;
SELECT ok((SELECT count(*) FILTER (WHERE a = '403') BETWEEN 50 AND 150
    FROM (SELECT pg_temp.post('g') AS a FROM generate_series(1, 200)) AS a), 'a rate of 50 per cent is about half');
SELECT o365_programs.sandbox_set_fault(group_id, ARRAY['403'], NULL, 0, NULL) FROM place;
SELECT is((SELECT count(*) FROM (SELECT pg_temp.post('g') AS a FROM generate_series(1, 50)) AS a WHERE a <> 'ok'),
    0::bigint, 'a rate of 0 is never');
-- One webhook of several, and the right answer against a wider fault
SELECT o365_programs.sandbox_mint(group_id, sha256('g2'), NULL) FROM place;
CREATE FUNCTION pg_temp.fault(target integer, answer text, hook text DEFAULT NULL, n integer DEFAULT NULL)
    RETURNS boolean LANGUAGE sql AS $$
    SELECT o365_programs.sandbox_set_fault($1, ARRAY[$2], $4, NULL, NULL, coalesce((SELECT w.webhook_id
        FROM o365_internal.sandbox_webhook AS w WHERE w.path_hash = sha256($3::bytea)), 0)) $$;
CREATE FUNCTION pg_temp.all_posts() RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', pg_temp.post('g'), pg_temp.post('g2'), pg_temp.post('f')) $$;
SELECT ok(pg_temp.fault(0, '410', 'g2'), 'a webhook has a fault of its own');
SELECT is(pg_temp.all_posts(), 'ok 410 ok', 'which is no other''s of the same place');
SELECT ok(pg_temp.fault(group_id, '403') AND pg_temp.fault(0, '503'), 'the place has one, and all have one') FROM place;
SELECT is(pg_temp.all_posts(), '403 410 503', 'the nearest goes first');
SELECT ok(pg_temp.fault(0, 'ok', 'g2'), 'the right answer');
SELECT is(pg_temp.all_posts(), '403 ok 503', 'is one against the place''s fault');
SELECT ok(pg_temp.fault(group_id, 'ok'), 'and at a place') FROM place;
SELECT is(pg_temp.all_posts(), 'ok ok 503', 'against that of all');
SELECT ok(pg_temp.fault(0, '429', 'g', 2), 'some answers of one webhook');
SELECT is((SELECT string_agg(pg_temp.all_posts(), ', ') FROM generate_series(1, 3)),
    '429 ok 503, 429 ok 503, ok ok 503', 'are that many');
SELECT is(pg_temp.fault(flow_id, '410', 'g2'), false, 'a webhook is of its own place') FROM place;
SELECT is(o365_programs.sandbox_set_fault(0, ARRAY['410'], NULL, NULL, NULL, 999999), false, 'or there is none');
SELECT is((SELECT string_agg(f.answers[1], ' ') FROM o365_programs.sandbox_faults() AS f), '503 ok ok',
    'all are listed');
SELECT ok(pg_temp.fault(0, 'ok'), 'when the widest is taken back');
SELECT is_empty('SELECT * FROM o365_programs.sandbox_faults()', 'so are the exceptions from it');
DELETE FROM o365_internal.sandbox_webhook WHERE path_hash = sha256('g2');
-- A pace is no answer: judging, throttle, removal and a workflow's state stand below it.
CREATE FUNCTION pg_temp.paced(hook text, judged text DEFAULT 'ok') RETURNS text LANGUAGE sql AS $$
    SELECT r.answer || ' ' || r.pace FROM o365_programs.sandbox_receive(sha256($1::bytea), '{}', 2, $2, NULL, NULL,
        '404') AS r $$;
SELECT o365_programs.sandbox_set_fault(group_id, ARRAY['slow'], NULL, NULL, NULL),
       o365_programs.sandbox_set_fault(flow_id, ARRAY['slow-answer'], NULL, NULL, NULL) FROM place;
SELECT is(pg_temp.paced('g') || ', ' || pg_temp.paced('g', '400-json') || ', ' || pg_temp.paced('f'),
    'ok slow, 400-json slow, ok slow-answer', 'slow is the right answer, late');
SELECT o365_programs.sandbox_set_fault(group_id, ARRAY['late'], 1, NULL, NULL) FROM place;
SELECT is(pg_temp.paced('g'), 'ok late', 'and so is late');
SELECT o365_programs.sandbox_set_fault(group_id, ARRAY['slow'], NULL, NULL, NULL) FROM place;
SELECT o365_programs.sandbox_set_workflow(flow_id, 'off'), o365_programs.sandbox_set_throttle(group_id, true)
  FROM place;
SELECT is(pg_temp.paced('f'), 'workflow-not-enabled slow-answer', 'of a workflow that is off too');
SELECT o365_programs.sandbox_set_workflow(flow_id, 'on'), o365_programs.sandbox_set_fault(flow_id, ARRAY['ok'], NULL,
    NULL, NULL) FROM place;
SELECT is((SELECT string_agg(pg_temp.paced('g'), ', ') FROM generate_series(1, 5)),
    'ok slow, ok slow, ok slow, ok slow, 429-in-200 slow', 'and the throttle counts');
SELECT is((SELECT answered || ' ' || pace || ' ' || throttled FROM o365_programs.sandbox_log(NULL, 0, 1000000, true, 1,
    NULL)), '429-in-200 slow 1', 'which the log says');
SELECT o365_programs.sandbox_set_throttle(group_id, NULL) FROM place;
SELECT o365_programs.sandbox_set_fault(group_id, ARRAY['ok'], NULL, NULL, NULL) FROM place;
SELECT is_empty('SELECT * FROM o365_programs.sandbox_faults()', 'ok takes a fault back');

-- The throttle: each window in turn, with the others wound back
CREATE FUNCTION pg_temp.age(seconds integer) RETURNS void LANGUAGE sql AS $$
    UPDATE o365_internal.sandbox_throttle AS t SET started = (SELECT array_agg(s - make_interval(secs => $1) ORDER BY i)
        FROM unnest(t.started) WITH ORDINALITY AS u (s, i))
     WHERE t.started <> '{}' $$;
CREATE FUNCTION pg_temp.posts(n integer, hook text DEFAULT 'g') RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(a || ' ' || n, ', ' ORDER BY a DESC) FROM (SELECT a, count(*) AS n
        FROM (SELECT pg_temp.post($2) AS a FROM generate_series(1, $1)) AS p GROUP BY a) AS g $$;
SELECT o365_programs.sandbox_set_throttle(0, true);
SELECT is(pg_temp.posts(6), 'ok 4, 429-in-200 2', '4 in a second');
SELECT is((SELECT throttled FROM o365_programs.sandbox_log(NULL, 0, 1000000, true, 1, NULL)), 1,
    'and the log names the window');
DO $$ BEGIN FOR i IN 1 .. 14 LOOP PERFORM pg_temp.age(1), pg_temp.posts(4); END LOOP; END $$;
SELECT pg_temp.age(1);
SELECT is(pg_temp.posts(1), '429-in-200 1', '60 in 30 seconds, although a second has passed');
SELECT pg_temp.age(30);
DO $$ BEGIN FOR i IN 1 .. 10 LOOP PERFORM pg_temp.age(1), pg_temp.posts(4); END LOOP; END $$;
SELECT pg_temp.age(31);
SELECT is(pg_temp.posts(1), '429-in-200 1', '100 in an hour');
SELECT is((SELECT throttled FROM o365_programs.sandbox_log(NULL, 0, 1000000, true, 1, NULL)), 3600,
    'which the log says');
SELECT pg_temp.age(3600);
DO $$ BEGIN FOR i IN 1 .. 13 LOOP PERFORM pg_temp.age(1), pg_temp.posts(4); END LOOP; END $$;
SELECT is((SELECT used[4] FROM o365_internal.sandbox_throttle AS t, place WHERE t.target_id = place.group_id), 150,
    '150 in two hours');
SELECT pg_temp.age(31);
SELECT is(pg_temp.posts(1), '429-in-200 1', 'are full');
SELECT is((SELECT throttled FROM o365_programs.sandbox_log(NULL, 0, 1000000, true, 1, NULL)), 7200,
    'although this hour has had 50 only');
UPDATE o365_internal.sandbox_throttle AS t SET used[5] = 1799, started = ARRAY[NULL, NULL, NULL, NULL, started[5]]
  FROM place WHERE t.target_id = place.group_id;
SELECT is(pg_temp.posts(2), 'ok 1, 429-in-200 1', '1,800 in a day');
SELECT is((SELECT w->>'used' FROM o365_programs.sandbox_throttles() AS t, jsonb_array_elements(t.windows) AS w
    WHERE w->>'seconds' = '86400'), '1800', 'the counters say so');
SELECT is(pg_temp.posts(5, 'f'), 'ok 5', 'a workflow has another limit');
UPDATE o365_internal.sandbox_throttle AS t SET used[1] = 4499 FROM place WHERE t.target_id = place.flow_id;
SELECT is(pg_temp.posts(2, 'f'), 'ok 1, 429 1', '4,500 in five minutes, and a real 429');
SELECT o365_programs.sandbox_set_throttle(group_id, false) FROM place;
SELECT is(pg_temp.posts(9), 'ok 9', 'a target''s own switch goes before that of all');
SELECT o365_programs.sandbox_set_throttle(0, false);

SELECT o365_programs.sandbox_set_throttle(group_id, NULL), o365_programs.sandbox_set_throttle(0, true) FROM place;
SELECT is(pg_temp.posts(5), 'ok 4, 429-in-200 1', 'a target follows the switch of all');
SELECT o365_programs.sandbox_set_throttle(0, false);
SELECT o365_programs.sandbox_set_throttle(0, true);
SELECT is(pg_temp.posts(1), 'ok 1', 'off and on again, all begin anew');
SELECT o365_programs.sandbox_set_throttle(0, false);

-- Removal and workflows
SELECT ok(o365_programs.sandbox_remove_webhook(group_id, (SELECT min(webhook_id) FROM o365_internal.sandbox_webhook AS w
    WHERE w.target_id = group_id)), 'a configuration is removed') FROM place;
SELECT is(pg_temp.post('g'), '410', 'its webhook answers 410');
SELECT is((SELECT string_agg(pg_temp.post('f'), ' ' ORDER BY s)
    FROM unnest(ARRAY['off', 'tenant', 'on', 'deleted', 'on']) WITH ORDINALITY AS x (state, s), place,
    LATERAL (SELECT o365_programs.sandbox_set_workflow(flow_id, state)) AS done),
    'workflow-not-enabled 401-direct-api workflow-not-found workflow-not-found workflow-not-found',
    'a workflow is switched off, made tenant-only, open to anyone again under another URL, deleted for good');

SELECT is(o365_programs.sandbox_create_target('Megan', 'teams', 'Flow', 'workflow'), flow_id, 'its channel stays')
  FROM place;
SELECT o365_programs.sandbox_mint(flow_id, sha256('f2'), NULL) FROM place;
SELECT is((SELECT string_agg(f->>'state' || ' ' || (f->>'urls'), ', ') FROM place, jsonb_array_elements(
    o365_programs.sandbox_flows(flow_id)) AS f), 'on 1, deleted 0', 'another URL there is another workflow''s');
SELECT is(pg_temp.post('f2') || ', ' || pg_temp.post('f'), 'ok, workflow-not-found',
    'which works, and the old one is gone');
SELECT length(o365_programs.sandbox_play(group_id, '{}', 'ok', NULL, NULL)) FROM place;
SELECT is((SELECT string_agg(DISTINCT f.connector, ' ') FROM place, o365_programs.sandbox_feed(flow_id, 0, 1000000,
    true, 100) AS f) || ', '
    || (SELECT f.connector FROM place, o365_programs.sandbox_feed(group_id, 0, 1000000, true, 1) AS f),
    'Workflow, Playground', 'the feed still says that a workflow posted');
SELECT o365_programs.sandbox_set_workflow(flow_id, 'off'), o365_programs.sandbox_set_workflow(flow_id, 'on') FROM place;
SELECT is(pg_temp.post('f2'), 'ok', 'on again it has the URL that it had');
SELECT o365_programs.sandbox_set_workflow(flow_id, 'tenant') FROM place;
SELECT o365_programs.sandbox_mint(flow_id, sha256('unsigned'), NULL) FROM place;
CREATE FUNCTION pg_temp.unsigned(otherwise text) RETURNS text LANGUAGE sql AS $$
    SELECT r.answer FROM o365_programs.sandbox_receive(sha256('unsigned'), '{}', 2, 'ok', NULL, NULL, $1) AS r $$;
SELECT is(pg_temp.unsigned('401-direct-api') || ' ' || pg_temp.unsigned('401-claims'), '401-direct-api 401-claims',
    'the URL of a tenant-only one wants a token of the tenant');
SELECT o365_programs.sandbox_set_workflow(flow_id, 'on') FROM place;
SELECT is(pg_temp.unsigned('401-direct-api') || ' ' || pg_temp.post('f2'), '401-direct-api workflow-not-found',
    'and opens nothing to anyone afterwards, nor does the one before');
-- The id of a workflow that there is, with another signature.
CREATE FUNCTION pg_temp.signed(workflow_id text, otherwise text DEFAULT 'workflow-not-found') RETURNS text
    LANGUAGE sql AS $$
    SELECT coalesce((SELECT r.answer FROM o365_programs.sandbox_receive(sha256('nobody'), '{}', 2, 'ok', NULL, NULL, $2,
        $1) AS r), 'unknown, ' || $2) $$;
CREATE TEMP TABLE other AS SELECT flow->>'workflow_id' AS id, (flow->>'flow_id')::integer AS no
    FROM place, LATERAL (SELECT o365_programs.sandbox_create_flow(flow_id, '{}') AS flow) AS f;
SELECT is(concat_ws('; ', pg_temp.signed(id), pg_temp.signed(repeat('0', 32)), pg_temp.signed(NULL),
    pg_temp.signed(id, '401-direct-api')),
    '401-bad-signature; unknown, workflow-not-found; unknown, workflow-not-found; unknown, 401-direct-api',
    'only another signature of a known workflow is a wrong one')
  FROM other;
SELECT is((SELECT string_agg(r.answered, ' ') FROM other, o365_programs.sandbox_runs(no, NULL, 9) AS r),
    '401-bad-signature', 'which its history has, although no place does');
SELECT o365_programs.sandbox_set_flow(flow_id, no, 'deleted') FROM place, other;
SELECT is(pg_temp.signed(id), 'unknown, workflow-not-found', 'and once it is deleted it is known no longer') FROM other;
SELECT o365_programs.sandbox_mint(flow_id, sha256('f3'), NULL) FROM place;
SELECT o365_programs.sandbox_remove_webhook(flow_id, (SELECT max(webhook_id) FROM o365_internal.sandbox_webhook))
  FROM place;
SELECT is(pg_temp.post('f3'), 'workflow-not-found', 'a workflow''s URL that was removed answers as a workflow does');
SELECT o365_programs.sandbox_set_workflow(flow_id, 'off') FROM place;
SELECT is(o365_programs.sandbox_create_target('Megan', 'teams', 'Flow', 'workflow'), flow_id,
    'one that is switched off') FROM place;
SELECT is(pg_temp.post('f2'), 'workflow-not-enabled', 'stays so');

-- Kinds of workflow. The body trips an envelope flow with the note "no envelope", one that wants the bare card with "no
-- card".
CREATE TEMP TABLE kinds (kind text PRIMARY KEY, flow jsonb);
CREATE FUNCTION pg_temp.make(kind text, settings jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO kinds SELECT $1, o365_programs.sandbox_create_flow(o365_programs.sandbox_create_target('Megan', 'teams',
        'Kinds', 'workflow'), $2);
    SELECT o365_programs.sandbox_mint((flow->>'target_id')::integer, sha256(kind::bytea), NULL,
        (flow->>'flow_id')::integer) FROM kinds WHERE kind = $1 $$;
CREATE FUNCTION pg_temp.run(kind text, body text DEFAULT 'envelope') RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', r.answer, 'after ' || r.response_seconds, '"' || r.response_body || '"')
      FROM o365_programs.sandbox_receive(sha256($1::bytea), '{}', 2, 'ok', CASE WHEN $2 <> 'envelope'
          THEN 'no envelope' END, CASE WHEN $2 <> 'card' THEN 'no card' END, 'workflow-not-found') AS r $$;
CREATE FUNCTION pg_temp.became(kind text) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce((SELECT coalesce(r.note, 'posted') FROM kinds AS k,
        o365_programs.sandbox_runs((k.flow->>'flow_id')::integer, NULL, 1) AS r WHERE k.kind = $1), 'nothing') $$;
CREATE FUNCTION pg_temp.change(kind text, change text) RETURNS boolean LANGUAGE sql AS $$
    SELECT o365_programs.sandbox_set_flow((flow->>'target_id')::integer, (flow->>'flow_id')::integer, $2)
      FROM kinds AS k WHERE k.kind = $1 $$;
SELECT pg_temp.make('template', '{}'), pg_temp.make('bare', '{"payload": "card"}'),
       pg_temp.make('step', '{"response_seconds": 7, "response_body": "done"}'),
    pg_temp.make('quiet', '{"response_seconds": 0}'), pg_temp.make('tenant', '{"callers": "tenant"}'),
    pg_temp.make('private', '{"fails": "private-channel"}'),
    pg_temp.make('signed-out', '{"fails": "connection", "response_seconds": 3}'),
    pg_temp.make('stranger', '{"fails": "membership"}'), pg_temp.make('bot', '{"post_as": "flow-bot"}');
SELECT is((SELECT string_agg(kind || ': ' || (flow->>'name'), ', ' ORDER BY kind) FROM kinds
    WHERE kind IN ('bare', 'template')),
    'bare: Post the whole body as a card, template: Send webhook alerts to a channel',
    'a workflow is called as its template');
SELECT is(concat_ws(', ', pg_temp.run('template'), pg_temp.became('template'),
    pg_temp.run('template', 'card'), pg_temp.became('template')), 'ok, posted, ok, no envelope',
    'the template''s posts what is in the envelope, and fails after its 202 at a bare card');
SELECT is(concat_ws(', ', pg_temp.run('bare', 'card'), pg_temp.became('bare'),
    pg_temp.run('bare'), pg_temp.became('bare')), 'ok, posted, ok, no card',
    'one that posts the whole body takes the bare card, and fails after its 202 at an envelope');
SELECT is(concat_ws(', ', pg_temp.run('step'), pg_temp.became('step'), pg_temp.run('quiet')),
    'ok after 7 "done", posted, ok after 0 ""', 'a Response step answers when and what it is told');
SELECT is(concat_ws(', ', pg_temp.run('step', 'card'), pg_temp.became('step'), pg_temp.run('signed-out')),
    '502 after 7, no envelope, 502 after 3', 'and not at all when the run fails before it');
SELECT is(pg_temp.run('tenant') || ' ' || pg_temp.became('tenant'), '401-direct-api posted',
    'one of its tenant only wants a token');
SELECT is((SELECT (f->>'runs') || (f->>'refused') FROM kinds,
    jsonb_array_elements(o365_programs.sandbox_flows((flow->>'target_id')::integer, (flow->>'flow_id')::integer)) AS f
    WHERE kind = 'tenant'), '01', 'and what it refused is no run');
SELECT is(concat_ws('; ', pg_temp.run('private'), pg_temp.became('private'), pg_temp.run('stranger'),
    pg_temp.became('stranger'), pg_temp.became('signed-out')),
    'ok; Action ''Post_card_in_a_chat_or_channel'' failed: Forbidden. The Flow bot cannot post in a private channel: '
    'post as User.; '
    'ok; Action ''Post_card_in_a_chat_or_channel'' failed: NotFound. The owner is no member of the team: add a '
    'co-owner who is.; '
    'Action ''Post_card_in_a_chat_or_channel'' failed: Unauthorized. The owner''s connection to Teams is invalid: its '
    'owner has to sign in again.', 'one that fails after its 202 says why in its history');
SELECT is(concat_ws(', ', pg_temp.change('private', 'mend'), pg_temp.run('private'), pg_temp.became('private')),
    't, ok, posted', 'until it is mended');
SELECT is((SELECT f->>'post_as' FROM kinds,
    jsonb_array_elements(o365_programs.sandbox_flows((flow->>'target_id')::integer, (flow->>'flow_id')::integer)) AS f
    WHERE kind = 'private'), 'user', 'as a user it posts in a private channel');
SELECT throws_ok($$SELECT o365_programs.sandbox_create_flow((flow->>'target_id')::integer,
    '{"fails": "private-channel", "post_as": "user"}') FROM kinds$$, '23514', NULL, 'so that is no reason to fail');
-- The Flow bot: 25 in five minutes, then what comes is taken and lost.
CREATE FUNCTION pg_temp.runs_of_bot(n integer) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(a, ' ' ORDER BY a DESC) FROM (SELECT a || ': ' || count(*) AS a
        FROM (SELECT pg_temp.run('bot') || ' ' || CASE WHEN pg_temp.became('bot')
            LIKE '%25 cards within 5 minutes: this one is lost.' THEN 'lost' ELSE pg_temp.became('bot') END AS a
                FROM generate_series(1, $1)) AS r GROUP BY a) AS g $$;
SELECT is(pg_temp.runs_of_bot(27), 'ok posted: 25 ok lost: 2', 'the Flow bot posts 25, and all get 202');
SELECT ok((SELECT (f->>'is_full')::boolean FROM kinds,
    jsonb_array_elements(o365_programs.sandbox_flows((flow->>'target_id')::integer, (flow->>'flow_id')::integer)) AS f
    WHERE kind = 'bot'), 'which the workflow''s page can say');
SELECT is(pg_temp.run('bot', 'card') || ' ' || pg_temp.became('bot'), 'ok no envelope',
    'what cannot be posted is not counted');
UPDATE o365_internal.sandbox_flow SET limit_started = limit_started - interval '5 minutes';
SELECT is(pg_temp.runs_of_bot(1), 'ok posted: 1', 'five minutes after the first of them it posts again');
-- A key that is regenerated, who can trigger it, an owner who leaves.
SELECT is(pg_temp.change('template', 'key'), true, 'a key is regenerated');
SELECT is(pg_temp.run('template'), '401-bad-signature', 'the old URL answers 401');
SELECT o365_programs.sandbox_mint((flow->>'target_id')::integer, sha256('new key'), NULL, (flow->>'flow_id')::integer)
  FROM kinds WHERE kind = 'template';
SELECT is(pg_temp.run('new key') || ' ' || pg_temp.run('template'), 'ok 401-bad-signature', 'and a new one works');
SELECT is(concat_ws(', ', pg_temp.change('bare', 'orphaned'), pg_temp.run('bare', 'card'), pg_temp.change('bare', 'on'),
    pg_temp.run('bare', 'card'), pg_temp.change('bare', 'off'),
    pg_temp.run('bare', 'card')), 't, workflow-not-enabled, t, ok, t, workflow-not-enabled',
    'an owner who leaves turns it off, and a co-owner turns it on again');
SELECT is(concat_ws(', ', pg_temp.change('step', 'anyone'), pg_temp.run('step'), pg_temp.change('step', 'tenant'),
    pg_temp.change('step', 'anyone'), pg_temp.run('step')),
    't, ok after 7 "done", t, t, workflow-not-found',
    'who can trigger it changes its URL, the same choice again does not');
SELECT is(concat_ws(', ', pg_temp.change('step', 'deleted'), pg_temp.run('step'), pg_temp.change('step', 'on'),
    pg_temp.change('nobody''s', 'on')), 't, workflow-not-found, f', 'deleted is for good');
SELECT is(o365_programs.sandbox_create_flow(group_id, '{}'), NULL, 'a group has no workflows') FROM place;
SELECT is(o365_programs.sandbox_set_workflow(group_id, 'off'), false, 'nor is one switched off there') FROM place;
-- A URL without a signature is the same whenever its workflow is made tenant-only.
SELECT is(o365_programs.sandbox_mint((flow->>'target_id')::integer, sha256('plain'), NULL, (flow->>'flow_id')::integer),
          o365_programs.sandbox_mint((flow->>'target_id')::integer, sha256('plain'), NULL, (flow->>'flow_id')::integer),
          'it is handed out again') FROM kinds WHERE kind = 'tenant';

-- Who reads by numbers
SELECT is(o365_programs.sandbox_settled(), (SELECT max(p.post_id) FROM o365_internal.sandbox_post AS p),
    'all posts that are there are settled');
SELECT is(o365_programs.sandbox_oldest_post(), (SELECT min(p.post_id) FROM o365_internal.sandbox_post AS p),
    'and the oldest is known');
SELECT is((SELECT count(*) FROM o365_programs.sandbox_log(NULL, 0, o365_programs.sandbox_oldest_post() + 2, true, 100,
    NULL)), 2::bigint, 'posts before a number');

-- Retention
SELECT throws_ok($$SELECT o365_programs.sandbox_set('keep_posts', '0')$$, '22023', NULL, 'at least one post stays');
SELECT throws_ok($$SELECT o365_programs.sandbox_set('webhook_origin', 'https://example.org')$$, '22023', NULL,
    'webhooks are on this machine');
SELECT throws_ok($$SELECT o365_programs.sandbox_set('version', '1')$$, '42704', NULL, 'the version is no setting');
SELECT is(o365_programs.sandbox_set('slow_origin', ''), '', 'there may be no slow line');
DELETE FROM o365_internal.sandbox_post;
INSERT INTO o365_internal.sandbox_post (target_id, answered, bytes, card) SELECT group_id, 'ok', 400000, '{}'
    FROM place, generate_series(1, 10);
INSERT INTO o365_internal.sandbox_action (post_id, person, name, token, took_ms) SELECT p.post_id, 'Megan', 'Go',
    'entra', 1 FROM o365_internal.sandbox_post AS p;
SELECT is(o365_programs.sandbox_sweep(), 0::bigint, 'nothing goes before there is too much');
SELECT o365_programs.sandbox_set('keep_posts', '7');
SELECT is(o365_programs.sandbox_sweep(), 3::bigint, 'the oldest posts beyond keep_posts go');
SELECT o365_programs.sandbox_set('keep_megabytes', '2');
SELECT is(o365_programs.sandbox_sweep(), 2::bigint, 'and those whose bodies are beyond keep_megabytes');
SELECT is((SELECT count(*) || ' of ' || (SELECT count(*) FROM o365_internal.sandbox_action)
    FROM o365_programs.sandbox_feed(NULL, 0, 1000000, true, 100)), '5 of 5', 'what was pressed goes with them');
CREATE FUNCTION pg_temp.kept(bytes integer) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM o365_programs.sandbox_receive(sha256('g'), repeat('x', bytes), bytes, '413-in-200', NULL, NULL, '404');
    RETURN (SELECT p.bytes || coalesce(' ' || octet_length(p.card), '') FROM o365_internal.sandbox_post AS p
        ORDER BY p.post_id DESC LIMIT 1);
END $$;
SELECT is(pg_temp.kept(65536) || ', ' || pg_temp.kept(65537), '65536 65536, 65537',
    'of a body over 64 KB its length alone is kept');
INSERT INTO o365_internal.sandbox_post (target_id, answered, bytes) SELECT group_id, '413-in-200', 16000000
    FROM place, generate_series(1, 3);
SELECT o365_programs.sandbox_set('keep_posts', '100');
SELECT is(o365_programs.sandbox_sweep(), 1::bigint, 'and counts for nothing in keep_megabytes');
SELECT o365_programs.sandbox_set('keep_posts', '7');
SELECT o365_programs.sandbox_set('keep_megabytes', '500');
SELECT count(pg_temp.post('g')) FROM generate_series(1, 2000);
SELECT ok((SELECT count(*) <= 7 + 1000 FROM o365_internal.sandbox_post),
    'every thousandth request drops the oldest, whatever it was answered');
SELECT * FROM finish();
ROLLBACK;
