-- The sandbox's dashboard and store: registrations are judged as o365.register_connector judges them, it makes
-- connectors on loopback only, the store reviews, embedded pages configure.
\ir fixtures/setup.sql
BEGIN;
SELECT no_plan();
\ir fixtures/sandbox.sql

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
