-- The store's checklist as the database sees it, with each of its faults, and what a preflight plants for a moment.
\ir fixtures/setup.sql
BEGIN;
SELECT no_plan();

CREATE FUNCTION pg_temp.found(item text, slug text DEFAULT 'desk') RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(f->>'verdict' || ': ' || (f->>'problem'), E'\n' ORDER BY f->>'verdict', f->>'problem')
      FROM jsonb_array_elements(o365_programs.worker_preflight(slug)->'findings') AS f WHERE f->>'item' = item $$;
CREATE FUNCTION pg_temp.next_step(item text, problem text) RETURNS text LANGUAGE sql AS $$
    SELECT f->>'next_step' FROM jsonb_array_elements(o365_programs.worker_preflight('desk')->'findings') AS f
     WHERE f->>'item' = item AND f->>'problem' ~ problem $$;
-- `count` cards of a connection that ended on one day.
CREATE FUNCTION pg_temp.ended(s bigint, count integer, outcome text DEFAULT 'delivered', event text DEFAULT NULL,
                              days_ago integer DEFAULT 1) RETURNS void LANGUAGE sql AS $$
    INSERT INTO o365_internal.delivery (at, card_id, subscription_id, outcome, event, enqueued_at, connector_id)
        SELECT (date_trunc('day', now() AT TIME ZONE 'UTC') - make_interval(days => days_ago) + interval '8 hours')
                   AT TIME ZONE 'UTC', 1000000 + n, s, outcome, event, now(), 1
          FROM generate_series(1, count) AS n $$;
CREATE FUNCTION pg_temp.sent(s bigint, card jsonb) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    PERFORM o365.send(s, card);
END $$;
SELECT o365_programs.worker_start('one', '1', 'production') \g /dev/null

SELECT is(o365_programs.worker_preflight('nonesuch'), NULL, 'there is nothing to say of a connector that there is not');
SELECT is(o365_programs.worker_preflight('desk') - 'findings',
    '{"slug": "desk", "name": "Contoso Helpdesk", "public_url": "https://app.example.org",
    "environment": "production", "callback_url": "https://app.example.org/connect/desk/callback", "landing_page": null,
    "website": "https://contoso.example", "target_urls": []}', 'the addresses that are asked');

-- Registration.
SELECT is(pg_temp.found('registration'), NULL, 'what was registered is right');
SELECT is(pg_temp.found('name'), 'look: It is called ''Contoso Helpdesk''.', 'the name is for a person');
SELECT is(pg_temp.found('https'), NULL, 'a public address passes');
SELECT matches(pg_temp.found('landing'), '^look: Nobody can begin on its own page',
    'who comes from the store needs a link of the application');
SELECT is(pg_temp.found('descriptions'), 'fail: The long description has 14 characters, the short one 39.',
    'a long description that is the shorter one fails');
SAVEPOINT registered;
UPDATE o365_internal.connector SET name = fault.name FROM (VALUES ('Microsoft Helper')) AS fault (name);
SELECT is(pg_temp.found('name'), 'fail: The name ''Microsoft Helper'' holds the trademark Microsoft.',
    'a name with a trademark of Microsoft''s fails');
UPDATE o365_internal.connector SET name = 'Tickets for Outlook';
SELECT is(pg_temp.found('name'), 'look: It is called ''Tickets for Outlook''.', 'behind "for" it may stand');
UPDATE o365_internal.connector SET name = 'office365 mailer';
SELECT matches(pg_temp.found('name'), '^fail: .* trademark office365\.', 'however it is spelt');
UPDATE o365_internal.connector SET short_description = 'Lorem ipsum dolor',
    long_description = 'Lorem ipsum dolor sit amet, consectetur';
SELECT is(pg_temp.found('descriptions'), 'fail: A description is the text that fills an empty page (lorem ipsum).',
    'a text that nobody wrote fails');
UPDATE o365_internal.connector SET logo = decode(repeat('00', 61440), 'hex');
SELECT matches(pg_temp.found('logo'), '^fail: logo has 61440 bytes\.', 'a logo of 60 KB fails');
UPDATE o365_internal.connector SET landing_page = 'https://contoso.example/';
SELECT is(pg_temp.found('landing'),
    'fail: The landing page https://contoso.example/ is a home page, not the page with the button.',
    'a home page is no landing page');
UPDATE o365_internal.connector SET callback_url = 'https://localhost:8443/connect/desk/callback';
SELECT matches(pg_temp.found('https'),
    'fail: The redirect URL https://localhost:8443/connect/desk/callback is on this machine\.',
    'a redirect URL on this machine fails');
SELECT matches(pg_temp.found('https'), 'fail: The redirect URL \S+ is not below public_url https://app\.example\.org',
    'and so does one of another site');
SELECT is(pg_temp.next_step('https', 'not below'),
    'select o365.alter_connector(''desk'', callback_url => ''https://app.example.org/connect/desk/callback'')',
    'with the statement that mends it');
UPDATE o365_internal.connector SET website = 'ftp://contoso.example';
SELECT is(pg_temp.found('registration'), 'fail: website is no https URL.', 'whatever registering refuses fails');
UPDATE o365_internal.setting SET value = '' WHERE name = 'public_url';
SELECT matches(pg_temp.found('https'), 'fail: The setting public_url is empty', 'without public_url there is no page');
SELECT o365.set('public_url', 'https://localhost:8443') \g /dev/null
SELECT matches(pg_temp.found('https'), 'fail: public_url https://localhost:8443 is on this machine\.',
    'a page on this machine fails');
SELECT o365.this_is('development') \g /dev/null
SELECT matches(pg_temp.found('https'), 'look: public_url https://localhost:8443 is on this machine\.',
    'but in development');
ROLLBACK TO registered;

-- Cards.
SELECT pg_temp.connect('ann') AS ann \gset
SELECT pg_temp.connect('ben') AS ben \gset
SELECT o365.alter_connector('desk',
    long_description => 'Posts new tickets and answers into the group that works on them.') \g /dev/null
SELECT is(pg_temp.found(item), 'look: It has posted no card in the last week, so nothing could be looked at.',
    'without cards a person looks: ' || item)
  FROM unnest('{markdown,few,delivery,looks}'::text[]) AS u (item);
SAVEPOINT quiet;
SELECT pg_temp.ended(:ann, 20), pg_temp.ended(:ben, 20) \g /dev/null
SELECT is(pg_temp.found(item), NULL, '20 cards a day to each place pass: ' || item)
  FROM unnest('{markdown,few,delivery}'::text[]) AS u (item);
SELECT matches(pg_temp.found('digest'), '^look: No card of the last week went out in a digest\.',
    'whether one of them was a report, a person sees');
SELECT pg_temp.ended(:ann, 1) \g /dev/null
SELECT matches(pg_temp.found('few'),
    format('^look: Connection %s got 21 cards on \d{4}-\d\d-\d\d \(UTC\), the most of any\.', :ann),
    'of more somebody asks who reads them');
SELECT is(pg_temp.found('digest'), 'fail: 21 cards came to one place in a day, each at once: no connection has a '
                                   'schedule, and new ones are immediate.', 'and a digest is missing');
UPDATE o365_internal.connector SET schedule = 'hourly';
SELECT matches(pg_temp.found('digest'), '^look: ', 'unless connections have one');
UPDATE o365_internal.connector SET schedule = 'immediate';
UPDATE o365_internal.subscription SET schedule = 'daily at 08:00' WHERE subscription_id = :ben;
SELECT matches(pg_temp.found('digest'), '^look: ', 'or one of them has');
SELECT pg_temp.ended(:ann, 3, 'digested') \g /dev/null
SELECT is(pg_temp.found('digest'), NULL, 'where cards went out in digests it passes');
SELECT pg_temp.ended(:ann, 80) \g /dev/null
SELECT matches(pg_temp.found('few'), format('^fail: Connection %s got 101 cards on \S+ \(UTC\), more than 100\.', :ann),
    'a hundred cards a day are too many');
ROLLBACK TO quiet;
SELECT pg_temp.ended(:ann, 500, event => 'test'), pg_temp.ended(:ann, 500, 'cancelled'),
       pg_temp.ended(:ann, 500, days_ago => 8) \g /dev/null
SELECT matches(pg_temp.found('few'), '^look: It has posted no card',
    'tests, cards that were never posted and older weeks do not count');
ROLLBACK TO quiet;
SELECT pg_temp.ended(:ann, 9), pg_temp.ended(:ann, 1, 'dead') \g /dev/null
SELECT is(pg_temp.found('delivery'), NULL, 'a tenth of the cards may die');
SELECT pg_temp.ended(:ann, 1, 'dead') \g /dev/null
SELECT is(pg_temp.found('delivery'),
    'fail: 2 of the 11 cards that ended in the last week are dead: the far end refused them.', 'more of them fail');
ROLLBACK TO quiet;
SELECT pg_temp.sent(:ann, '{"text": "<b>bold</b> and <table></table>"}') \g /dev/null
SELECT matches(pg_temp.found('markdown'),
    '^fail: 1 card of the last week had HTML; one of them: text has HTML, which is shown as it stands\.',
    'HTML in a card fails');
ROLLBACK TO quiet;
SELECT pg_temp.sent(:ann, '{"text": "Hello {{name}}"}') \g /dev/null
SELECT matches(pg_temp.found('markdown'),
    '^fail: 1 card of the last week had text that is shown as it was typed; one of them: text has a template',
    'so does a template that nobody filled');
ROLLBACK TO quiet;
SELECT pg_temp.sent(:ann, '{"@type": "MessageCard", "@context": "https://schema.org/extensions", "summary": "s",
    "text": "t",
    "potentialAction": [{"@type": "OpenUri", "name": "Open", "targets": [{"os": "default",
        "uri": "nowhere"}]}]}') \g /dev/null
SELECT matches(pg_temp.found('actions'), 'fail: 1 card of the last week had a button that does nothing or is left out',
    'a button that opens nothing fails');
ROLLBACK TO quiet;
SELECT pg_temp.sent(:ann, '{"@type": "MessageCard", "@context": "https://schema.org/extensions", "summary": "s",
    "text": "t",
    "sections": [{"images": [{"image": "http://contoso.example/a.png", "title": "a"}]}]}') \g /dev/null
SELECT matches(pg_temp.found('looks'),
    '^fail: 1 card of the last week had something that a phone cuts off or leaves out',
    'a picture that no client loads fails');
ROLLBACK TO quiet;

-- Actions.
SELECT is(pg_temp.found('actions'), 'look: It has no actions that post.', 'without actions a person looks');
UPDATE o365_internal.connector SET target_urls = '{https://contoso.example}';
SELECT matches(pg_temp.found('actions'), '^look: Target URLs are registered, but no card',
    'where they were registered it says so');
INSERT INTO o365_internal.card_action (card_id, subscription_id, actions) VALUES (1, :ann, '[]');
SELECT matches(pg_temp.found('actions'), '^look: 1 card of the last week had an action, and nobody has pressed one\.',
    'one that nobody pressed');
SAVEPOINT unpressed;
INSERT INTO o365_internal.action_call (event_id, subscription_id, card_id, number, request_hash)
    VALUES (1, :ann, 1, 0, '');
SELECT is(pg_temp.found('actions'), NULL, 'one that was pressed by a signed call, and taken, passes');
-- How fast they were answered.
INSERT INTO o365_internal.action_call (event_id, subscription_id, card_id, number, request_hash)
    SELECT n, :ann, 1, 0, sha256(n::text::bytea) FROM generate_series(2, 40) AS n;
SELECT o365_programs.responder_action_took(1, 2500), o365_programs.responder_action_took(2, 1999),
       o365_programs.responder_action_took(3, 4000), o365_programs.responder_action_took(999, 9000) \g /dev/null
SELECT is((SELECT array_agg(a.event_id ORDER BY a.event_id) FROM o365_internal.slow_answer AS a
    WHERE a.connector_id = 1), '{1,2,3}', 'of a call that is not there nothing is noted');
SELECT is(pg_temp.found('actions'), NULL, 'a twentieth of the answers may be slow');
SELECT o365_programs.responder_action_took(2, 2345), o365_programs.responder_action_took(2, 1200) \g /dev/null
SELECT is(pg_temp.found('actions'),
    'fail: Of 40 answers to presses in the last week, one in twenty took 2.3 s or longer; clients wait 2 s.',
    'more fail, the slowest answer to each call counts');
SELECT matches(pg_temp.next_step('actions', 'one in twenty'), 'no waits => true',
    'and the next step says what makes them faster');
UPDATE o365_internal.action_call SET at = now() - interval '8 days' WHERE event_id BETWEEN 1 AND 3;
SELECT is(pg_temp.found('actions'), NULL, 'those of an older week do not count');
UPDATE o365_internal.slow_answer SET at = now() - interval '31 days' WHERE event_id = 1;
SELECT o365_internal.sweep_actions() \g /dev/null
SELECT is((SELECT count(*) FROM o365_internal.slow_answer), 2::bigint, 'after action_days it is forgotten');
ROLLBACK TO unpressed;
UPDATE o365_internal.card_action SET forms = '{1:a}';
SELECT is(pg_temp.found('actions'), NULL, 'so does one that was pressed on its page');
INSERT INTO o365_internal.action_event (connector_id, subscription_id, card_id, path, name, target, content_type, body,
    inputs, request_id, at)
    VALUES (1, :ann, 1, '$', 'Close', 'https://contoso.example', '', '', '{}', 'r-1', now() - interval '6 minutes');
SELECT matches(pg_temp.found('actions'), '^fail: 1 press of a button waits for the application, the oldest since',
    'one that the application does not take fails');
ROLLBACK TO quiet;

-- The installation.
UPDATE o365_internal.worker SET seen_at = now() - interval '1 hour';
SELECT matches(pg_temp.found('delivery'), 'fail: no worker', 'what health() calls an error fails');
UPDATE o365_internal.worker SET seen_at = now();

-- What is planted goes away again.
CREATE FUNCTION pg_temp.plant(slug text DEFAULT 'desk') RETURNS boolean LANGUAGE sql AS $$
    SELECT o365_programs.worker_plant_preflight(slug, ARRAY[sha256('denied'), sha256('allowed')],
                                                ARRAY[sha256('cookie 1'), sha256('cookie 2')], sha256('token')) $$;
CREATE FUNCTION pg_temp.clear(VARIADIC request_ids text[] DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
    SELECT o365_programs.worker_clear_preflight(ARRAY[sha256('denied'), sha256('allowed')], sha256('token'),
        request_ids) $$;
CREATE FUNCTION pg_temp.stays() RETURNS text LANGUAGE sql AS $$
    SELECT format('%s attempts, %s links, %s connections', (SELECT count(*) FROM o365_internal.connect_attempt),
                  (SELECT count(*) FROM o365_internal.manage_link),
                  (SELECT count(*) FROM o365_internal.subscription)) $$;
SELECT pg_temp.stays() AS before \gset
SELECT is(pg_temp.plant('nonesuch'), false, 'nothing is planted for a connector that there is not');
SELECT is(pg_temp.stays(), :'before', 'and nothing stays');
SELECT is(pg_temp.plant(), true, 'somebody is connected');
SELECT is(o365_programs.responder_manage(
    sha256('token')) @> '{"found": true, "kind": "owner", "may_pause": true, "may_remove": true}', true,
    'the link opens the page of a connection');
SELECT is(pg_temp.clear(), '[null, null]', 'no callback has come');
SELECT is(o365_programs.responder_manage(sha256('token')) ->> 'found', 'false', 'the link has ended');
SELECT is(pg_temp.stays(), :'before', 'and nothing stays');
SELECT pg_temp.plant() \g /dev/null
SELECT o365_programs.responder_callback_error('desk', 'r-000000000011', sha256('denied'), sha256('cookie 1'),
           'AccessDenied'),
       o365_programs.responder_callback_error('desk', 'r-000000000012', NULL, NULL, 'no_parameters'),
       pg_temp.callback('allowed', 'cookie 2', 'r-000000000013', 'https://preflight.invalid/webhookb2/x',
           'preflight.invalid') \g /dev/null
SELECT is(pg_temp.clear('r-000000000012'), '["denied", "refused_host"]', 'what became of both');
SELECT is(pg_temp.stays(), :'before', 'and nothing of it stays');
SELECT pg_temp.plant() \g /dev/null
SELECT o365_programs.responder_callback_error('desk', 'r-000000000014', sha256('denied'), NULL,
    'AccessDenied') \g /dev/null
SELECT is(pg_temp.clear(), '["no_cookie", null]', 'a callback that came without its cookie');
SELECT is(pg_temp.stays(), :'before', 'what the responder noted of it goes too');
-- Somebody's own.
SELECT pg_temp.begin('real', 'cookie', 'cat') \g /dev/null
SELECT o365_programs.worker_clear_preflight(ARRAY[sha256('real')], NULL, NULL) \g /dev/null
SELECT is((SELECT count(*) FROM o365_internal.connect_attempt AS a WHERE a.state_hash = sha256('real')), 1::bigint,
    'the attempt of a user is not taken away');
-- 101 links of a kind.
SELECT o365_internal.add_manage_link(s.subscription_id, 'owner',
    sha256(format('link %s-%s', s.subscription_id, n)::bytea))
  FROM o365_internal.subscription AS s, generate_series(1, 100) AS n \g /dev/null
SELECT pg_temp.stays() AS full \gset
SELECT pg_temp.plant(), pg_temp.clear() \g /dev/null
SELECT is(pg_temp.stays(), :'full', 'no link of a user ends for it');
-- What a killed preflight leaves.
SELECT pg_temp.plant() \g /dev/null
SELECT is(m.revoked_at, now() + interval '5 minutes', 'its link ends by itself') FROM o365_internal.manage_link AS m
 WHERE m.token_hash = sha256('token');
UPDATE o365_internal.manage_link SET revoked_at = now() WHERE token_hash = sha256('token');
SELECT is(o365_programs.responder_manage(sha256('token')) ->> 'found', 'false', 'and opens nothing then');
SELECT pg_temp.clear() \g /dev/null
SELECT count(*) AS before FROM o365.health() WHERE code = 'attempts_abandoned' \gset
INSERT INTO o365_internal.connect_attempt (connector_id, state_hash, cookie_hash, app_state, started_at, expires_at,
    outcome)
    SELECT 1, sha256(format('left %s', n)::bytea), '\x', '"preflight"', now() - interval '1 hour', now(), 'abandoned'
      FROM generate_series(1, 9) AS n;
DELETE FROM o365_internal.connect_attempt WHERE app_state IS DISTINCT FROM '"preflight"' AND subscription_id IS NULL;
UPDATE o365_internal.connect_attempt SET started_at = now() - interval '30 days' WHERE app_state IS NULL;
SELECT is((SELECT count(*) FROM o365.health() WHERE code = 'attempts_abandoned'), 0::bigint,
    'is no reason to look at the Connect page');
UPDATE o365_internal.connect_attempt SET app_state = NULL WHERE app_state = '"preflight"';
SELECT is((SELECT count(*) FROM o365.health() WHERE code = 'attempts_abandoned'), 1::bigint,
    'as attempts of users would be');

SELECT * FROM finish();
ROLLBACK;
