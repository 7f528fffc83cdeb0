-- The sandbox's rules: registrations are judged as o365.register_connector judges them, it makes connectors on loopback
-- only, webhooks answer as faults, throttle, removal and workflows say, the store's review.
\ir fixtures/setup.sql
BEGIN;
SELECT no_plan();
SELECT o365.set('public_url', 'https://app.localhost:8443');

CREATE FUNCTION pg_temp.form(changes jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
    SELECT '{"name": "Try", "short_description": "short", "long_description": "a longer description",
        "website": "https://example.org",
             "events": ["one"], "landing_page": "https://app.localhost:8443/connect/try/",
             "callback_url": "https://app.localhost:8443/connect/try/callback",
             "target_urls": ["https://sandbox.localhost:8443"], "enabled_for": ["groups"], "terms": "yes",
             "actions": "yes"}'::jsonb || $1 $$;
CREATE FUNCTION pg_temp.problems(changes jsonb, logo bytea DEFAULT '\x89504e470d0a1a0a') RETURNS text LANGUAGE sql AS $$
    SELECT coalesce((SELECT string_agg(p->>'field', ' ' ORDER BY p->>'field') FROM jsonb_array_elements(
        o365_programs.sandbox_save('Dev', NULL, pg_temp.form($1), $2)->'problems') AS p), '') $$;

-- Registration
SELECT is(pg_temp.problems('{}'), '', 'a whole form is saved');
SELECT is(pg_temp.problems('{"name": " ", "short_description": "", "long_description": "", "website": "example.org",
    "events": [], "enabled_for": [],
    "landing_page": "x", "callback_url": "http://example.org/c?d=1", "target_urls": ["http://example.org"],
    "terms": ""}', NULL),
    'callback_url callback_url enabled_for events landing_page logo long_description name short_description '
    'target_urls terms website', 'every problem is told at once');
SELECT is(pg_temp.problems('{}', '\x00'), 'logo', 'a logo is what its bytes say');
SELECT is(pg_temp.problems('{}', ('\x89504e470d0a1a0a' || repeat('00', 61440))::bytea), 'logo',
    'a logo has less than 60 KB');
SELECT is(pg_temp.problems('{"target_urls": []}'), 'actions', 'actions need a target URL');
SELECT is(pg_temp.problems('{"target_urls": [], "actions": "no"}'), '', 'a connector without actions needs none');
SELECT is(pg_temp.problems('{"callback_url": "http://localhost:3000/callback"}'), '',
    'localhost will do in development');
SELECT is(pg_temp.problems(
    '{"inbox_landing_page": "x", "configuration_url": "http://example.org/c", "valid_domains": ["example.org/path"]}'),
    'configuration_url inbox_landing_page valid_domains valid_domains',
    'the fields of the later form are judged as well');
SELECT is(pg_temp.problems('{"configuration_url": "https://example.org/c", "valid_domains": ["other.example.org"]}'),
    'valid_domains', 'the configuration page lies in a valid domain');
SELECT is(pg_temp.problems('{"inbox_landing_page": "https://example.org/inbox", '
                           '"configuration_url": "https://Example.org:8443/c", "valid_domains": ["example.org:8443"]}'),
    '', 'a whole later form is saved');
SELECT is(pg_temp.problems(jsonb_build_object('configuration_url', 'https://example.org/' || repeat('c', 2029),
    'valid_domains', '["example.org"]'::jsonb)), 'configuration_url',
    'a configuration page''s address has at most 2,048 characters');
SELECT is((SELECT string_agg(DISTINCT p.field, ' ' ORDER BY p.field) FROM o365_internal.connector_problems(
    o365_internal.sandbox_candidate(pg_temp.form('{"name": "", "website": "x"}'), NULL)) AS p),
    (SELECT string_agg(DISTINCT p->>'field', ' ' ORDER BY p->>'field')
        FROM jsonb_array_elements(o365_programs.sandbox_save('Dev', NULL, pg_temp.form('{"name": "", "website": "x"}'),
            NULL)->'problems') AS p), 'the dashboard finds what o365.register_connector finds');
SELECT throws_like($$SELECT o365.register_connector('try', '', NULL, 's', 'l', 'x', ARRAY['e'])$$, '%name is empty%',
    'which is the same function''s finding');

CREATE TEMP TABLE mine AS
    SELECT (o365_programs.sandbox_save('Megan', NULL, pg_temp.form(), '\x89504e470d0a1a0a')->>'app_id')::uuid AS app_id;
SELECT is(o365_programs.sandbox_registration('Adele', app_id), NULL, 'nobody sees another developer''s connector')
  FROM mine;
SELECT is(o365_programs.sandbox_save('Adele', app_id, pg_temp.form(), NULL)->'problems'->0->>'field', 'name',
    'nor changes it') FROM mine;
SELECT is(o365_programs.sandbox_save('Megan', app_id, pg_temp.form('{"name": "Renamed"}'), NULL)->>'app_id',
    app_id::text, 'a change keeps GUID and logo') FROM mine;
SELECT is(o365_programs.sandbox_registration('Megan', app_id)->>'name', 'Renamed', 'and is kept') FROM mine;
SELECT is(o365_programs.sandbox_connector(app_id::text)->>'name', 'Renamed', 'the Connect page knows it by its GUID')
  FROM mine;

-- A redirect URL elsewhere names no slug.
CREATE TEMP TABLE alike (n integer GENERATED ALWAYS AS IDENTITY, app_id uuid);
CREATE FUNCTION pg_temp.elsewhere(name text, app_id uuid DEFAULT NULL) RETURNS uuid LANGUAGE sql AS $$
    SELECT (o365_programs.sandbox_save('Slugs', $2, pg_temp.form(jsonb_build_object('name', $1,
        'callback_url', 'https://elsewhere.example.org/done')), '\x89504e470d0a1a0a')->>'app_id')::uuid $$;
INSERT INTO alike (app_id) VALUES (pg_temp.elsewhere('Static'));
INSERT INTO alike (app_id) VALUES (pg_temp.elsewhere('Two Alike'));
INSERT INTO alike (app_id) VALUES (pg_temp.elsewhere('Two alike'));
CREATE FUNCTION pg_temp.slugs() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(o365_programs.sandbox_registration('Slugs', app_id)->>'slug', ' ' ORDER BY n) FROM alike $$;
SELECT is(pg_temp.slugs(), 'connector two-alike two-alike-2', 'it is made from the name, and free');
SELECT pg_temp.elsewhere('Renamed', app_id) FROM alike WHERE n = 3;
SELECT is(pg_temp.slugs(), 'connector two-alike two-alike-2', 'and stays when the connector is renamed');

-- Sideload
SELECT is(o365_programs.sandbox_sideload('Adele', app_id, true), false, 'nobody sideloads another''s connector')
  FROM mine;
SELECT is(o365_programs.sandbox_sideload('Megan', app_id, true), true, 'a developer sideloads a saved connector')
  FROM mine;
SELECT is((SELECT string_agg(format('%s %s: %s', p.person, p.kind,
    jsonb_array_length(o365_programs.sandbox_catalog(p.person, p.kind))), ', ' ORDER BY p.person DESC, p.kind)
      FROM (VALUES ('Megan', 'groups'), ('Megan', 'mail'), ('Megan', 'teams'), ('Megan', NULL), ('Adele', 'groups'),
          ('Adele', NULL)) AS p (person, kind)),
    'Megan groups: 1, Megan mail: 0, Megan teams: 0, Megan : 1, Adele groups: 0, Adele : 0',
    'the developer alone finds it, at groups since it is enabled for groups only');
SELECT is(o365_programs.sandbox_sideload('Megan', app_id, false), true, 'and takes it out again') FROM mine;
SELECT is(o365_programs.sandbox_catalog('Megan'), '[]', 'after which it is nowhere');

-- Handing over
SELECT is(o365_programs.sandbox_register('Adele', app_id, '', true)->>'problem', 'There is no such connector of yours.',
    'nobody hands over another''s') FROM mine;
SELECT is(o365_programs.sandbox_register('Megan', app_id, '', true)->>'slug', 'try', 'one step registers it here')
  FROM mine;
SELECT is((SELECT c.app_id FROM o365_internal.connector AS c WHERE c.slug = 'try'), app_id, 'under the same GUID')
  FROM mine;
SELECT is((SELECT c.allow_anonymous FROM o365_internal.connector AS c WHERE c.slug = 'try'), true, 'as wished');
SELECT is(o365_programs.sandbox_register('Megan', app_id, 'postgres', true)->>'problem',
    'The role ''postgres'' is not known as an application''s.', 'it lets no role send that no operator let send')
  FROM mine;
SELECT o365.register_connector('theirs', 'Theirs', '\x89504e470d0a1a0a', 's', 'l', 'https://example.org', ARRAY['e']);
SELECT is(o365_programs.sandbox_register('Megan', (o365_programs.sandbox_save('Megan', NULL,
    pg_temp.form('{"callback_url": "https://app.localhost:8443/connect/theirs/callback"}'),
    '\x89504e470d0a1a0a')->>'app_id')::uuid, '', true)->>'problem',
    'This installation has another connector ''theirs''.', 'it never changes an operator''s connector');
SELECT is((SELECT c.name FROM o365_internal.connector AS c WHERE c.slug = 'theirs'), 'Theirs', 'which stays as it was');
SELECT o365.set('public_url', 'https://example.org');
SELECT throws_ok(format('SELECT o365_programs.sandbox_register(''Megan'', %L, '''', true)', app_id), '42501', NULL,
    'where public_url is public it registers nothing') FROM mine;
SELECT o365.set('public_url', 'https://app.localhost:8443');

-- Webhooks
CREATE TEMP TABLE place AS SELECT o365_programs.sandbox_create_target('Megan', 'groups', 'Test') AS group_id,
    o365_programs.sandbox_create_target('Megan', 'teams', 'Flow', 'workflow') AS flow_id;
SELECT o365_programs.sandbox_mint(group_id, sha256('g'), NULL), o365_programs.sandbox_mint(flow_id, sha256('f'), NULL)
  FROM place;
CREATE FUNCTION pg_temp.post(hook text, judged text DEFAULT 'ok') RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(r.answer || coalesce(' ' || r.retry_after, ''), '') FROM o365_programs.sandbox_receive(sha256(
        $1::bytea), '{}', 2, $2, NULL, NULL, CASE WHEN $1 LIKE 'f%' THEN 'workflow-not-found' ELSE '404' END) AS r $$;
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

-- The store
SELECT is((SELECT string_agg(c.item, ' ' ORDER BY c.item) FROM mine, o365_programs.sandbox_checklist('Megan', app_id,
    'pass', 'x') AS c),
    'actions callback descriptions digest documentation few https landing logo markdown name pause working',
    'the checklist has every item of the documentation''s');
CREATE TEMP TABLE inboxes AS SELECT (o365_programs.sandbox_save('Inbox', NULL,
    pg_temp.form('{"enabled_for": ["mail"], "landing_page": null,
    "inbox_landing_page": "https://example.org/inbox/start",
    "callback_url": "https://app.localhost:8443/connect/inboxes/callback"}'),
    '\x89504e470d0a1a0a')->>'app_id')::uuid AS app_id;
SELECT is((SELECT c.verdict || ' ' || c.detail FROM inboxes, o365_programs.sandbox_checklist('Inbox', app_id, 'pass',
    'x') AS c WHERE c.item = 'landing'),
    'pass https://example.org/inbox/start', 'the landing page of a connector for inboxes alone is that for inboxes');
CREATE FUNCTION pg_temp.item(name text) RETURNS text LANGUAGE sql AS $$
    SELECT c.verdict || ': ' || c.detail FROM mine, o365_programs.sandbox_checklist('Megan', mine.app_id, 'pass',
        'x') AS c WHERE c.item = $1 $$;
SELECT is(pg_temp.item('few'), 'look: It has posted nothing here yet.', 'how many notifications come a person judges');
SAVEPOINT posted;
SELECT o365_programs.sandbox_mint(group_id, sha256('few'), app_id::text) FROM place, mine;
INSERT INTO o365_internal.sandbox_post (target_id, webhook_id, answered, bytes, card, received_at)
    SELECT p.group_id, w.webhook_id, a.answered, 2, '{}', date_trunc('hour', now()) - a.back
      FROM place AS p, mine AS m JOIN o365_internal.sandbox_webhook AS w ON w.app_id = m.app_id,
           (VALUES ('ok', interval '0'), ('ok', interval '1 second'), ('ok', interval '1 minute'),
               ('ok', interval '2 hours'), ('503', interval '1 minute')) AS a (answered, back);
SELECT is(pg_temp.item('few'), 'look: At most 2 cards came to one place within an hour.',
    'by the most that a place got in an hour');
CREATE FUNCTION pg_temp.pressed(failed integer, n integer, took integer) RETURNS text LANGUAGE sql AS $$
    DELETE FROM o365_internal.sandbox_action;
    INSERT INTO o365_internal.sandbox_action (post_id, person, name, token, took_ms, problem)
        SELECT max(p.post_id), 'Megan', 'Go', 'entra', $3, CASE WHEN i <= $1 THEN 'Failed' END
          FROM o365_internal.sandbox_post AS p, generate_series(1, $2) AS i GROUP BY i;
    SELECT split_part(pg_temp.item('actions'), ':', 1) $$;
SELECT is(split_part(pg_temp.item('actions'), '.', 1), 'look: Nobody has pressed one here yet',
    'actions that nobody has pressed a person judges');
SELECT is(concat_ws(' ', pg_temp.pressed(1, 10, 2000), pg_temp.pressed(2, 10, 1), pg_temp.pressed(0, 10, 2001)),
    'pass fail fail', 'actions of which a tenth fails at most, and half answer within two seconds, pass');
ROLLBACK TO posted;
SELECT is((SELECT string_agg(pg_temp.item(i), ' ' ORDER BY i)
    FROM unnest(ARRAY['digest', 'documentation', 'pause']) AS i),
    'look: Open the page that manages a connection. look: How to connect, what is posted, how to pause and remove. '
    'look: Open the page that manages a connection.', 'digest, pause and documentation are for a person to look at');
SELECT is((SELECT string_agg(o365_programs.sandbox_submit('Megan', app_id, 'pass', 'x',
    array_remove(ARRAY['working', 'markdown', 'few', 'digest', 'actions', 'pause', 'documentation',
               'https', 'name'], i), E'Press it.\nLook.', 'test@example.org')->>'problems', ' ' ORDER BY i)
    FROM mine, unnest(ARRAY['digest', 'documentation', 'few', 'pause']) AS i),
    '["Users choose a digest, its time and how often it comes: look yourself, then tick it."] ["There is documentation '
    'for users: look yourself, then tick it."] '
    '["Few notifications, and each is worth reading: look yourself, then tick it."] ["Users can pause a connection and '
    'remove it: look yourself, then tick it."]', 'and whoever has not looked at one submits nothing');
CREATE FUNCTION pg_temp.html(card text) RETURNS boolean LANGUAGE sql AS $$
    SELECT o365_internal.sandbox_has_html(card) $$;
SELECT is((SELECT string_agg(c, ' ') FROM unnest(ARRAY['{"text": "<b>x</b>"}', '{"text": "\u003cb\u003ex"}',
    '{"text": "\u003Cbr/>"}', '{"a": [{"b": {"title": "</p >"}}]}',
    '{"text": "<A HREF=\"x\">"}', '{"text": "<!-- x -->"}', '{"text": "`<b>` and <i>"}', '{"body": [{"text": "<b>"}]}',
    '{"text": "\u0000<b>"}']) AS c WHERE NOT pg_temp.html(c)), NULL, 'HTML in a card is found however JSON spells it');
SELECT is((SELECT string_agg(c, ' ') FROM unnest(ARRAY['{"text": "x"}', '{"text": "<https://contoso.example/17>"}',
    '{"text": "<ann@contoso.example>"}', '{"text": "a < b > c, 1<2>0"}',
    '{"text": "`<b>`"}', '{"text": "\\<b>"}', '{"text": "<at>Ann</at>"}',
    '{"potentialAction": [{"body": "<root/>"}]}', '{"text": "\\u003cb>"}', NULL]) AS c WHERE pg_temp.html(c)), NULL,
    'autolinks, mentions, code and what an action sends are none');
SELECT is(jsonb_array_length(o365_programs.sandbox_submit('Megan', app_id, 'fail', 'x', '{}', '', '')->'problems') >= 8,
    true, 'what is missing is listed') FROM mine;
SELECT is(o365_programs.sandbox_submit('Megan', app_id, 'pass', 'x', ARRAY['working', 'markdown', 'few', 'digest',
    'actions', 'pause', 'documentation', 'https', 'name'], E'Press it.\nLook.', 'test@example.org')->'problems', '[]',
    'a whole submission is taken') FROM mine;
CREATE FUNCTION pg_temp.waiting() RETURNS integer LANGUAGE sql AS $$
    SELECT (o365_programs.sandbox_submissions()->0->>'submission_id')::integer $$;
CREATE FUNCTION pg_temp.submit(person text, id uuid) RETURNS integer LANGUAGE sql AS $$
    SELECT o365_programs.sandbox_submit(person, id, 'pass', 'x', ARRAY['working', 'markdown', 'few', 'digest',
        'actions', 'pause', 'documentation', 'https', 'name'], E'Press it.\nLook.', 'test@example.org');
    SELECT pg_temp.waiting() $$;
CREATE FUNCTION pg_temp.listed(person text DEFAULT NULL, kind text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(c->>'name', ', '), '')
      FROM jsonb_array_elements(o365_programs.sandbox_catalog(person, kind)) AS c $$;
SELECT is(o365_programs.sandbox_review('Megan', app_id, pg_temp.waiting(), true, ''),
    'Nobody reviews a connector of their own: sign in with another name.', 'not by its own developer') FROM mine;
SELECT is(o365_programs.sandbox_review('Rita', app_id, pg_temp.waiting(), false, ' '), 'A rejection says why.',
    'with a reason') FROM mine;
SELECT is(o365_programs.sandbox_review('Rita', app_id, pg_temp.waiting(), false, 'The logo is blurred.'), NULL,
    'rejected') FROM mine;
SELECT is(o365_programs.sandbox_registration('Megan', app_id)->>'reasons', 'The logo is blurred.',
    'and the developer reads why') FROM mine;
SELECT is(pg_temp.listed(), '', 'it is not in the catalog');
SELECT is(o365_programs.sandbox_review('Rita', app_id, 1, true, ''), 'It does not wait for a review any more.', 'once')
  FROM mine;

CREATE TEMP TABLE seen AS SELECT pg_temp.submit('Megan', app_id) AS first FROM mine;
SELECT isnt(first, NULL, 'submitted again') FROM seen;
SELECT is(o365_programs.sandbox_save('Megan', app_id, pg_temp.form('{"name": "Changed"}'), '\xffd8ff')->'problems',
    NULL, 'a change after that') FROM mine;
SELECT is(o365_programs.sandbox_review('Rita', app_id, first, true, ''), 'It does not wait for a review any more.',
    'takes the submission back') FROM mine, seen;
ALTER TABLE seen ADD second integer;
UPDATE seen SET second = pg_temp.submit('Megan', app_id) FROM mine;
SELECT is(o365_programs.sandbox_review('Rita', app_id, first, true, ''),
    'It has changed since you looked: look again, at what was submitted last, and decide on that.',
    'a reviewer approves what was shown and nothing newer') FROM mine, seen;
SELECT is(o365_programs.sandbox_review('Rita', app_id, first, false, 'No.'),
    'It has changed since you looked: look again, at what was submitted last, and decide on that.', 'nor rejects it')
  FROM mine, seen;
SELECT is(pg_temp.listed(), '', 'nothing was approved by that');
SELECT is(o365_programs.sandbox_submissions()->0->>'name', 'Changed', 'the newer one waits') FROM mine;
SELECT is(o365_programs.sandbox_review('Rita', app_id, second, true, ''), NULL, 'approved') FROM mine, seen;
SELECT is(pg_temp.listed(), 'Changed', 'it is in the catalog');
SELECT is((SELECT l.content_type FROM o365_programs.sandbox_logo(o365_programs.sandbox_catalog()->0->>'picture') AS l),
    'image/jpeg', 'with its logo');

SELECT is(o365_programs.sandbox_save('Megan', app_id,
    pg_temp.form('{"name": "Another", "landing_page": "https://example.org/other"}'), '\x474946383961')->'problems',
    NULL, 'a change of an approved one') FROM mine;
SELECT is(pg_temp.listed(), 'Changed', 'leaves the approved version in the catalog');
SELECT is(o365_programs.sandbox_catalog()->0->>'landing_page', 'https://app.localhost:8443/connect/try/',
    'leading where it led');
SELECT is((SELECT l.content_type FROM o365_programs.sandbox_logo(o365_programs.sandbox_catalog()->0->>'picture') AS l),
    'image/jpeg', 'with the logo that was approved');
SELECT is(o365_programs.sandbox_registration('Megan', app_id)->'listed'->>'name', 'Changed',
    'which the developer is told') FROM mine;
SELECT isnt(pg_temp.submit('Megan', app_id), NULL, 'submitting the change') FROM mine;
SELECT is(pg_temp.listed(), 'Changed', 'leaves it too');
SELECT is(o365_programs.sandbox_review('Rita', app_id, pg_temp.waiting(), false, 'No.'), NULL, 'a rejection') FROM mine;
SELECT is(pg_temp.listed(), 'Changed', 'as well');
SELECT o365_programs.sandbox_sideload('Megan', app_id, true) FROM mine;
SELECT is(pg_temp.listed('Megan') || '; ' || pg_temp.listed('Adele') || '; ' || pg_temp.listed('Megan', 'groups'),
    'Another; Changed; Another', 'a developer who sideloads it finds the newest, everybody else the approved one');
SELECT is(o365_programs.sandbox_review('Rita', app_id, pg_temp.submit('Megan', app_id), true, ''), NULL,
    'a newer one that is approved') FROM mine;
SELECT is(pg_temp.listed() || ' ' || (SELECT count(*) FROM o365_internal.sandbox_submission), 'Another 1',
    'takes its place');

-- An embedded configuration page
CREATE TEMP TABLE framed AS SELECT group_id, (o365_programs.sandbox_save('Megan', NULL,
    pg_temp.form('{"name": "Framed", "configuration_url": "https://localhost:9000/c",
    "valid_domains": ["localhost:9000", "example.org:443"]}'),
    '\x89504e470d0a1a0a')->>'app_id')::uuid AS app_id FROM place;
SELECT is(o365_programs.sandbox_draft('Megan', group_id, app_id, sha256('e')), NULL,
    'a page is told no webhook before its connector is offered') FROM framed;
SELECT o365_programs.sandbox_sideload('Megan', app_id, true) FROM framed;
SELECT is(o365_programs.sandbox_draft('Adele', group_id, app_id, sha256('e')), NULL, 'nor at a place of somebody else')
  FROM framed;
ALTER TABLE framed ADD draft_id integer;
UPDATE framed SET draft_id = o365_programs.sandbox_draft('Megan', group_id, app_id, sha256('e'));
SELECT is(pg_temp.post('e'), '410', 'a webhook that a page was told is not in force before Save');
SELECT is((SELECT l.target_id || ' ' || l.answered || coalesce(' ' || l.webhook_id, '') FROM o365_programs.sandbox_log(
    NULL, 0, 1000000, true, 1, NULL) AS l), group_id || ' 410', 'the log names the place')
  FROM place;
SELECT is((SELECT string_agg(coalesce(o365_programs.sandbox_judge_settings('Megan', group_id, app_id, s), 'taken'),
    '; ' ORDER BY i) FROM framed, (VALUES
        (1, '{"contentUrl": "https://localhost:9000/x", "removeUrl": "https://example.org/r", "entityId": "e"}'::jsonb),
        (2, '{"entityId": "e"}'),
        (3, '{"contentUrl": "http://localhost:9000/x"}'),
        (4, '{"contentUrl": "https://localhost:9000/x", "removeUrl": "https://localhost:9001/x"}'),
        (5, '{"contentUrl": "https://localhost:9000@example.com/"}'),
        (6, '{"contentUrl": "https://localhost:9000.example.com/"}'),
        (7, '{"contentUrl": "javascript:alert(1)"}'),
        (8, jsonb_build_object('contentUrl', 'https://localhost:9000/', 'entityId', repeat('e', 2049)))) AS t (i, s)),
    'taken; setSettings has to name a contentUrl'
        || repeat('; contentUrl and removeUrl must be https and lie in a valid domain', 5)
        || '; entityId is longer than 2,048 characters', 'settings are taken with pages of the valid domains alone');
SELECT is(o365_programs.sandbox_configure('Megan', group_id, app_id, draft_id,
    '{"contentUrl": "https://elsewhere.example/"}'), 'contentUrl and removeUrl must be https and lie in a valid domain',
    'which Save judges too') FROM framed;
SELECT is(o365_programs.sandbox_configure('Adele', group_id,
    app_id, draft_id, '{"contentUrl": "https://localhost:9000/"}'), 'no such connector is offered at this place',
    'nobody saves at a place of somebody else') FROM framed;
SELECT is(o365_programs.sandbox_configure('Megan', group_id, app_id,
    (SELECT max(webhook_id) FROM o365_internal.sandbox_webhook) + 1000, '{"contentUrl": "https://localhost:9000/"}'),
    'the page has to call getSettings, at most an hour before, and a configuration is saved once',
    'nor a webhook that this page was not told') FROM framed;
SELECT is(o365_programs.sandbox_configure('Megan', f.group_id,
    m.app_id, f.draft_id, '{"contentUrl": "https://localhost:9000/"}'), 'no such connector is offered at this place',
    'nor one of another connector''s page') FROM framed AS f, mine AS m;
SELECT is(o365_programs.sandbox_configure('Megan', group_id, app_id, draft_id,
    '{"contentUrl": "https://localhost:9000/", "configName": "All"}'), NULL, 'saved') FROM framed;
SELECT is(pg_temp.post('e'), 'ok', 'it is in force');
SELECT is(o365_programs.sandbox_configure('Megan', group_id, app_id, draft_id,
    '{"contentUrl": "https://localhost:9000/"}'),
    'the page has to call getSettings, at most an hour before, and a configuration is saved once', 'once') FROM framed;
UPDATE framed SET draft_id = o365_programs.sandbox_draft('Megan', group_id, app_id, sha256('late'));
UPDATE o365_internal.sandbox_draft SET created_at = now() - interval '61 minutes';
SELECT is(o365_programs.sandbox_configure('Megan', group_id, app_id, draft_id,
    '{"contentUrl": "https://localhost:9000/"}'),
    'the page has to call getSettings, at most an hour before, and a configuration is saved once', 'within an hour')
    FROM framed;

-- Deleting
SELECT is(o365_programs.sandbox_free_slug('helpdesk'), 'helpdesk', 'the example takes a slug that is free');
SELECT o365_programs.sandbox_save('Megan', NULL,
    pg_temp.form('{"callback_url": "https://app.localhost:8443/connect/helpdesk/callback"}'), '\x89504e470d0a1a0a');
SELECT o365.register_connector('helpdesk-2', 'Theirs', '\x89504e470d0a1a0a', 's', 'l', 'https://example.org',
    ARRAY['e']);
SELECT is(o365_programs.sandbox_free_slug('helpdesk'), 'helpdesk-3',
    'and another where the dashboard or this installation has it');
SELECT is(o365_programs.sandbox_delete('Adele', app_id), false, 'nobody deletes another developer''s connector')
  FROM mine;
SELECT o365_programs.sandbox_mint(group_id, sha256('mine'), app_id::text) FROM place, mine;
SELECT is(pg_temp.post('mine'), 'ok', 'a connector''s webhook');
SELECT isnt(pg_temp.submit('Megan', app_id), NULL, 'one that is listed, and waits, and is registered here') FROM mine;
SELECT is(o365_programs.sandbox_delete('Megan', app_id), true, 'is deleted') FROM mine;
SELECT is(pg_temp.post('mine'), '410', 'after which its webhook answers as a removed configuration does');
SELECT is(o365_programs.sandbox_connector(app_id::text), NULL,
    'its button leads nowhere, although this installation has it') FROM mine;
SELECT is(pg_temp.listed() || (SELECT count(*) FROM o365_internal.sandbox_submission AS s WHERE s.app_id = m.app_id),
    '0', 'catalog and reviewers have it no more') FROM mine AS m;
SELECT is(concat(o365_programs.sandbox_registration('Megan', app_id), o365_programs.sandbox_delete('Megan', app_id),
    o365_programs.sandbox_sideload('Megan', app_id, true),
    o365_programs.sandbox_save('Megan', app_id, pg_temp.form(), NULL)->'problems'->0->>'field',
    o365_programs.sandbox_register('Megan', app_id, '', true)->>'problem',
    o365_programs.sandbox_submit('Megan', app_id, 'pass', 'x', '{}', '', '')->'problems'->>0),
    'ffnameThere is no such connector of yours.There is no such connector of yours.', 'nor can its developer change it')
    FROM mine;
SELECT is((SELECT c.slug FROM o365_internal.connector AS c WHERE c.app_id = m.app_id), 'try',
    'what this installation registered stays an operator''s') FROM mine AS m;
SELECT is((SELECT f.connector FROM o365_programs.sandbox_feed(NULL, 0, 1000000, true, 1) AS f), 'Another',
    'the feed names what it posted');
SELECT is((SELECT w->'connector'->>'name' FROM place, jsonb_array_elements(o365_programs.sandbox_webhooks(
    group_id)) AS w WHERE w->>'app_id' = app_id::text LIMIT 1), 'Another', 'and so does the place') FROM mine;

SELECT * FROM finish();
ROLLBACK;
