-- What happened: who did it, where it is written, what an application takes of it, and what applications may change
-- of their own connections.
\ir fixtures/setup.sql
BEGIN;
SELECT no_plan();
SELECT o365.register_connector('other', 'Other', pg_temp.logo(), 's', 'l', 'https://other.example', ARRAY['x']),
       o365.grant_application('stranger', 'other') \g /dev/null
-- What happened to a subscription, oldest first: kind, actor, role, detail, reason.
CREATE FUNCTION pg_temp.events(id bigint) RETURNS text[] LANGUAGE sql AS $$
    SELECT array_agg(concat_ws(' ', e.kind, e.actor, e.role, '[' || e.detail || ']', e.reason) ORDER BY e.event_id)
        FROM o365_internal.event AS e WHERE e.subscription_id = id $$;
CREATE FUNCTION pg_temp.status(id bigint) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', s.status, s.status_reason) FROM o365_internal.subscription AS s
        WHERE s.subscription_id = id $$;
SELECT pg_temp.connect('ann') AS ann, pg_temp.flow('bob') AS bob, pg_temp.flow('sam', 'other') AS sam \gset
SELECT o365_programs.worker_start('w', 'test', 'production') ->> 'worker' AS w \gset
SELECT is(pg_temp.events(:ann), '{connected user}', 'a callback that connects is an event, done by a user');
SELECT results_eq($$SELECT kind, actor, role, object, detail FROM o365_internal.event
    WHERE kind IN ('setting_changed', 'application_granted', 'host_allowed') AND object IN ('public_url', 'stranger',
    'contoso.webhook.office.com') ORDER BY kind$$,
    format($$VALUES ('application_granted', 'operator', %1$L, 'stranger', NULL), ('host_allowed', 'operator', %1$L,
        'contoso.webhook.office.com', 'connector'), ('setting_changed', 'operator', %1$L, 'public_url',
        'https://app.example.org')$$, session_user),
    'what an operator sets, grants and allows is one, with the role');
CREATE TEMP TABLE counted AS SELECT count(*) AS n FROM o365_internal.event;
SELECT o365.set('public_url', 'https://app.example.org'), o365.grant_application('stranger', 'other'),
    o365.allow_webhook_host('connector', 'contoso.webhook.office.com'),
       o365.revoke_application('nobody', 'other'), o365.forbid_webhook_host('nowhere.example') \g /dev/null
SELECT is((SELECT count(*) FROM o365_internal.event), (SELECT n FROM counted), 'what changes nothing is none');

-- An application pauses, resumes and disconnects its own, and nobody else's.
SET LOCAL SESSION AUTHORIZATION shop;
SELECT is(o365.pause(:ann, E'Ann is\non leave'), 'paused', 'an application pauses a connection of its own');
SELECT is((SELECT status_reason FROM o365.subscriptions WHERE subscription_id = :ann), 'Ann is on leave',
    'the reason stands with it');
SELECT is(o365.resume(:ann, 'back'), 'active', 'and resumes it');
SELECT throws_ok(format('SELECT o365.%s(%s)', f, :sam), '42501',
    format('there is no connection %s that role shop may change', :sam), f ||
    ': not another application''s connection')
  FROM unnest('{pause,resume,disconnect,send_test}'::text[]) AS f;
SELECT throws_ok(format('SELECT o365.%s(%s)', f, 0), '42501', 'there is no connection 0 that role shop may change',
    f || ': nor one that is not there')
  FROM unnest('{pause,resume,disconnect,send_test}'::text[]) AS f;
SELECT throws_ok('SELECT o365.remove(1)', '42501', NULL, 'o365.remove is the operator''s');
SELECT throws_ok(format($$SELECT o365.pause(%s, until => now() - interval '1 second')$$, :ann), '22023', NULL,
    'a pause cannot end in the past');
SELECT throws_ok(format($$SELECT o365.pause(%s, until => '-infinity')$$, :ann), '22023',
    'the pause would end at -infinity, which is past', 'whatever time that is');
RESET SESSION AUTHORIZATION;
SELECT throws_ok('SELECT o365.pause(0)', '42704', 'there is no subscription 0',
    'an operator is told that there is none');
SELECT is(pg_temp.events(:ann), ARRAY['connected user', 'paused application shop Ann is on leave',
    'resumed application shop back'], 'each is an event with who did it and why');

-- A pause that ends by itself.
SELECT o365.pause(:ann, until => now() + interval '1 hour') \g /dev/null
SELECT is((SELECT (paused_until - now())::text FROM o365.subscriptions WHERE subscription_id = :ann), '01:00:00',
    'a pause has a time');
SELECT is(o365_internal.chore_resume_paused(), NULL, 'before it nothing is resumed');
SELECT o365.pause(:ann, 'until somebody says so') \g /dev/null
SELECT is((SELECT paused_until FROM o365.subscriptions WHERE subscription_id = :ann), NULL,
    'pausing again says anew until when');
SELECT o365.pause(:ann, until => 'infinity') \g /dev/null
SELECT is((SELECT paused_until FROM o365.subscriptions WHERE subscription_id = :ann), NULL,
    'for ever is until somebody resumes it');
SELECT o365.pause(:ann, until => clock_timestamp() + interval '1 hour'), o365.pause(:bob, until => clock_timestamp()
    + interval '1 hour') \g /dev/null
UPDATE o365_internal.subscription SET paused_until = now() WHERE subscription_id IN (:ann, :bob);
SELECT o365.send(:ann, '{"text": "x"}') \g /dev/null
SELECT is(o365_internal.chore_resume_paused(), 'resumed 2 connections whose pause has ended',
    'when its time has come a chore resumes it');
SELECT is(pg_temp.status(:ann), 'active its pause has ended', 'it is active, and says why');
SELECT ok((SELECT l.why IS NULL AND l.next_at <= now() FROM o365_internal.lane AS l WHERE l.subscription_id = :ann),
    'and its lane is due');
SELECT is((pg_temp.events(:ann))[cardinality(pg_temp.events(:ann))], 'resumed worker its pause has ended',
    'the worker did it');
SELECT o365.pause(:bob, until => now() + interval '1 hour'), o365.resume(:bob) \g /dev/null
SELECT is((SELECT paused_until FROM o365.subscriptions WHERE subscription_id = :bob), NULL,
    'who resumes it earlier ends the time too');

-- What a worker finds out.
SELECT o365_internal.hold(:bob, 'suspended', 'the far end refuses this webhook'), o365_internal.hold(:bob,
    'suspended', 'again') \g /dev/null
SELECT is((pg_temp.events(:bob))[cardinality(pg_temp.events(:bob))],
    'suspended worker the far end refuses this webhook', 'a suspension is one event, however often it is found');
SELECT o365.resume(:bob) \g /dev/null
-- A card that arrives writes none; one that is refused writes one.
SELECT pg_temp.connect('cem') AS cem \gset
COMMIT;
SET SESSION AUTHORIZATION shop;
SELECT o365.send(:cem, '{"text": "arrives"}') AS arrives, o365.send(:cem, '{"text": "is refused"}') AS refused,
    o365.send(:cem, '{"text": "in doubt"}') AS doubt \gset
RESET SESSION AUTHORIZATION;
SELECT o365_programs.worker_feed() \g /dev/null
BEGIN;
CREATE TEMP TABLE claimed AS SELECT * FROM pg_temp.claim(:w, '-infinity', 10, 10) AS c WHERE c.subscription_id = :cem;
SELECT o365.set('unclear_answers', '0') \g /dev/null
SELECT o365_programs.worker_report(:w, array_agg(c.subscription_id ORDER BY c.position),
    array_agg(c.lease_no ORDER BY c.position), array_agg(c.position ORDER BY c.position),
    '{delivered,dead,in_doubt}', '{100,170,150}', '{200,400,200}', '{NULL,NULL,NULL}', '{1,1,1}',
        '{NULL,bad request,answer not understood}',
    (array_agg(c.subscription_id))[1:1], (array_agg(c.lease_no))[1:1], '{t}', '{1}') FROM claimed AS c \g /dev/null
SELECT results_eq($$SELECT card_id, detail, reason FROM o365_internal.event WHERE kind =
    'card_not_delivered' ORDER BY card_id$$,
    format($$VALUES (%s::bigint, 'dead', 'bad request'), (%s, 'in_doubt',
        'no clear answer to 1 POST: answer not understood')$$, :refused, :doubt),
        'a card that ended without arriving is an event, one that arrived is none');
SELECT is((SELECT posted_on FROM o365.subscriptions WHERE subscription_id = :cem), (now() AT TIME ZONE 'UTC')::date,
    'the day of the last card that arrived is kept');
SELECT o365.remove(:cem, 'a test') \g /dev/null
SELECT is((pg_temp.events(:cem))[cardinality(pg_temp.events(:cem))], format('removed operator %s [active] a test',
    session_user), 'a removal says which status it had');
COMMIT;

-- The feed.
BEGIN;
SELECT is_empty($$SELECT FROM o365.health() AS h WHERE h.code = 'events_waiting'$$,
    'whose application never takes events is not asked to');
SET LOCAL SESSION AUTHORIZATION stranger;
SELECT results_eq('SELECT kind, connector, app_user FROM o365.take_events()', $$VALUES ('connected', 'other',
    'sam')$$, 'an application takes what happened to its connections');
SELECT is_empty('SELECT * FROM o365.take_events()', 'once');
SELECT throws_ok('SELECT * FROM o365.take_events(0)', '22023', 'most is 0', 'most has bounds');
RESET SESSION AUTHORIZATION;
ROLLBACK;
SET SESSION AUTHORIZATION stranger;
SELECT results_eq('SELECT kind, connector, app_user FROM o365.take_events()', $$VALUES ('connected', 'other',
    'sam')$$, 'what was rolled back is there again');
SELECT is_empty('SELECT * FROM o365.take_events()', 'and gone after a commit');
SELECT results_eq('SELECT DISTINCT connector FROM o365.events', $$VALUES ('other')$$,
    'the view has it still, its own only');
SELECT is_empty($$SELECT * FROM o365.events WHERE kind = 'setting_changed'$$, 'and nothing of the installation');
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION keeper;
SELECT isnt_empty($$SELECT * FROM o365.events WHERE kind = 'setting_changed'$$, 'which an operator sees');
RESET SESSION AUTHORIZATION;
CREATE TEMP TABLE number AS SELECT count(*) AS n FROM o365_internal.untaken_event;
GRANT SELECT ON number TO shop;
-- Two sessions at the same moment.
CREATE EXTENSION IF NOT EXISTS dblink WITH SCHEMA public;
SELECT dblink_connect('other', format('host=%s dbname=%s user=shop', current_setting('unix_socket_directories'),
    current_database())) \g /dev/null
SELECT dblink_exec('other', 'BEGIN') \g /dev/null
CREATE TEMP TABLE theirs AS SELECT * FROM dblink('other', 'SELECT event_id FROM o365.take_events(3)')
    AS t (event_id bigint);
GRANT SELECT ON theirs TO shop;
BEGIN;
SET LOCAL SESSION AUTHORIZATION shop;
CREATE TEMP TABLE ours AS SELECT event_id FROM o365.take_events(1000);
SELECT is((SELECT count(*) FROM theirs), 3::bigint, 'a session takes as many as it asks for');
SELECT is_empty('SELECT event_id FROM ours INTERSECT SELECT event_id FROM theirs',
    'sessions that take at the same moment get different ones');
SELECT is((SELECT count(*) FROM ours) + 3, (SELECT n FROM number), 'and all together all');
ROLLBACK;
SELECT dblink_exec('other', 'ROLLBACK') \g /dev/null
SELECT dblink_disconnect('other') \g /dev/null
BEGIN;
UPDATE o365_internal.untaken_event SET at = now() - interval '25 hours';
UPDATE o365_internal.connector SET takes_events = true WHERE slug = 'desk';
SELECT is(ARRAY(SELECT h.object FROM o365.health() AS h WHERE h.code = 'events_waiting'), '{connector desk}',
    'whose application has stopped taking them is');
UPDATE o365_internal.untaken_event SET at = now() - interval '31 days';
SELECT o365_internal.chore_forget_untaken_events() \g /dev/null
SELECT is_empty('SELECT FROM o365_internal.untaken_event', 'what nobody took within history_days is dropped');
ROLLBACK;

-- From one user to another.
BEGIN;
SELECT pg_temp.flow('dora') AS dora, pg_temp.connect('eve') AS eve \gset
SELECT pg_temp.begin('again', 'cookie', 'dora'), pg_temp.callback('again', 'cookie', 'r-00000000aaaa',
    'https://contoso.webhook.office.com/webhookb2/eve1', group_name => 'Sales') \g /dev/null
SELECT max(subscription_id) AS twice FROM o365_internal.subscription \gset
SET LOCAL SESSION AUTHORIZATION stranger;
SELECT is_empty($$SELECT * FROM o365.move_connections('dora', 'sam')$$, 'nobody moves what is another application''s');
RESET SESSION AUTHORIZATION;
SET LOCAL SESSION AUTHORIZATION shop;
SELECT results_eq($$SELECT subscription_id, connector, moved, problem FROM o365.move_connections('dora', 'eve')$$,
    format($$VALUES (%1$s::bigint, 'desk', true, NULL), (%2$s, 'desk', false,
        'eve has this webhook already, as connection %3$s: remove one of the two')$$, :dora, :twice, :eve),
    'connections move to another user; a webhook that the other has already stays');
SELECT is(ARRAY(SELECT subscription_id FROM o365.connections('eve')), ARRAY[:dora, :eve]::bigint[],
    'and are the other''s then');
SELECT throws_ok($$SELECT * FROM o365.move_connections('eve', ' ')$$, '22023',
    'to_user is empty or longer than 200 characters', 'to somebody');
SELECT is_empty($$SELECT * FROM o365.move_connections('eve', 'eve')$$, 'to themselves is nothing');
RESET SESSION AUTHORIZATION;
SELECT is((pg_temp.events(:dora))[2], 'moved application shop [dora]', 'an event says from whom');
ROLLBACK;

-- Warnings about where a card goes, and its event.
BEGIN;
CREATE FUNCTION pg_temp.said(id bigint, event text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(p->>'severity' || ': ' || (p->>'problem'), '; ') FROM o365.try_send(id,
        '{"@type": "MessageCard", "@context": "https://schema.org/extensions", "summary": "s", "text": "x"}'::jsonb,
        event) AS t, jsonb_array_elements(t.problems) AS p WHERE t.card_id IS NOT NULL $$;
SET LOCAL SESSION AUTHORIZATION shop;
SELECT is(pg_temp.said(:ann, 'a ticket is opened'), NULL,
    'of an active connection and a registered event nothing is said');
SELECT is(pg_temp.said(:ann, 'a tiket is opened'),
    'warning: the connector has no event ''a tiket is opened'' registered',
    'an event that is not registered is a warning');
SELECT o365.send_many(ARRAY[:ann]::bigint[],
    ARRAY['{"@type": "MessageCard", "@context": "https://schema.org/extensions", "summary": "s", '
          '"text": "x"}']::jsonb[], ARRAY['a tiket is opened']) \g /dev/null
SELECT is((SELECT count(*) FROM o365.card_warnings WHERE problem ~ 'tiket'), 2::bigint,
    'which is kept with the card, of send_many too');
SELECT o365.pause(:ann, 'holiday') \g /dev/null
SELECT is(pg_temp.said(:ann), 'warning: the connection is paused (holiday): this card waits',
    'to a paused one it waits');
SELECT is(pg_temp.said(:cem), 'warning: the connection is removed (a test): this card will end as cancelled',
    'to a removed one it ends as cancelled');
SELECT is((SELECT string_agg(t.problems #>> '{0,problem}', ', ') FROM o365.send_to_user('desk', 'ann',
    '{"@type": "MessageCard", "@context": "https://schema.org/extensions", "summary": "s", "text": "x"}') AS t),
    'the connection is paused (holiday): this card waits', 'send_to_user says it too');
SELECT is((SELECT count(*) FROM o365.card_warnings WHERE problem ~ 'the connection'), 0::bigint,
    'which is not kept: it is about the moment');
RESET SESSION AUTHORIZATION;
UPDATE o365_internal.subscription SET status = s FROM unnest('{suspended}'::text[]) AS s WHERE subscription_id = :ann;
SET LOCAL SESSION AUTHORIZATION shop;
SELECT is(pg_temp.said(:ann), 'warning: the connection is suspended (holiday): this card waits',
    'so does one to a suspended one');
SELECT throws_ok($$SELECT o365.begin_connect('desk ', 'ann')$$, '42501',
    'there is no connector ''desk '' that role shop may use', 'a typo in a slug is an error');
CREATE FUNCTION pg_temp.hint(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_hint text;
BEGIN
    EXECUTE statement;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS v_hint = PG_EXCEPTION_HINT;
    RETURN v_hint;
END $$;
SELECT matches(pg_temp.hint($$SELECT o365.begin_connect('dsk', 'ann')$$), '^It may use: desk\. ',
    'whose hint lists those that the role may use');
-- Types that drivers send.
PREPARE typeless AS SELECT o365.send($1, $2);
PREPARE typeless_many AS SELECT o365.send_many($1, $2);
SELECT ok(o365.send(:ann, json_build_object('text', 'x')) > 0 AND o365.send(:ann, jsonb_build_object('text', 'x'))
    > 0 AND o365.send(:ann, '{"text": "x"}'::text) > 0
          AND o365.send(:ann, '{"text": "x"}') > 0 AND (o365.try_send(:ann, '{"text": "x"}'::json)).card_id > 0
              AND (o365.try_send(:ann, '{"text": "x"}')).card_id > 0,
    'a card is jsonb, json, text or a literal');
SELECT lives_ok(format('EXECUTE typeless(%s, %L)', :ann, '{"text": "x"}'), 'or a parameter without a type');
SELECT lives_ok(format('EXECUTE typeless_many(%L, %L)', format('{%s}', :ann), '{"{\"text\": \"x\"}"}'),
    'send_many takes those as well');
SELECT throws_ok(format('SELECT o365.send(%s, %L)', :ann, '{"text"'), '22P02', NULL,
    'a text that is no JSON is refused');
SELECT is(cardinality(o365.send_many(json_build_array(json_build_object('subscription_id', :ann, 'card',
    json_build_object('text', 'x')),
    json_build_object('subscription_id', :bob, 'card', json_build_object('text', 'y'), 'event',
        'a ticket is opened')))), 2, 'send_many takes one JSON list');
SELECT is(o365.send_many('[]'), '{}', 'also an empty one');
SELECT throws_ok($$SELECT o365.send_many('{}')$$, '22023', 'cards is a JSON object', 'but nothing else');
SELECT throws_ok('SELECT o365.send_many(' || quote_literal(c) || ')', '22023',
    'card 1: it lacks a subscription_id or a card', 'nor a list of ' || c)
  FROM unnest(ARRAY['[5]', '[{}]', '[{"subscription_id": 1}]', '[{"card": {}}]',
      '[{"subscription_id": "x", "card": {}}]', '[null]']) AS c;
RESET SESSION AUTHORIZATION;
ROLLBACK;

-- Test cards.
BEGIN;
UPDATE o365_internal.lane SET worker = NULL, lease_until = NULL, next_at = NULL WHERE subscription_id = :bob;
SET LOCAL SESSION AUTHORIZATION shop;
SELECT o365.pause(:bob) \g /dev/null
SELECT o365.send(:bob, '{"text": "waits"}') AS waits, o365.send_test(:bob) AS test \gset
RESET SESSION AUTHORIZATION;
SELECT ok((SELECT l.next_at <= clock_timestamp() AND l.late = ARRAY[-4611686018427387904 - :test]::bigint[]
    FROM o365_internal.lane AS l
    WHERE l.subscription_id = :bob), 'a test card goes before all others, to a paused connection too');
SELECT is((SELECT (o.card::jsonb)->>'text' FROM o365_internal.outbox AS o WHERE o.card_id = :test) ~
    '^A test of the connection with Contoso Helpdesk, sent at ', true, 'and says where it comes from');
SELECT is((SELECT count(*) FROM unnest('{connector,workflow}'::text[]) AS d,
    LATERAL o365.check_card((SELECT o.card::jsonb FROM o365_internal.outbox AS o WHERE o.card_id = :test), d)),
    0::bigint, 'it is a right card for both dialects');
SET LOCAL SESSION AUTHORIZATION shop;
SELECT o365.send_test(:bob), o365.send_test(:bob) \g /dev/null
SELECT throws_ok(format('SELECT o365.send_test(%s)', :bob), '54000',
    format('3 test cards were sent to subscription %s within a minute', :bob), 'three a minute are enough');
SELECT throws_ok(format('SELECT o365.send_test(%s)', :cem), '55000', format('subscription %s is removed', :cem),
    'a removed one has no webhook');
SELECT is(o365.disconnect(:bob, 'no longer needed'), 'removed', 'an application disconnects its own');
RESET SESSION AUTHORIZATION;
SELECT is(pg_temp.status(:bob), 'removed no longer needed', 'for good');
SELECT ok((SELECT s.sealed IS NULL FROM o365_internal.subscription AS s WHERE s.subscription_id = :bob),
    'its webhook is wiped');
ROLLBACK;

-- Workflows that nothing is posted to.
BEGIN;
CREATE FUNCTION pg_temp.idle() RETURNS text[] LANGUAGE sql AS $$ SELECT array_agg(h.object || ': ' || h.example)
    FROM o365.health() AS h WHERE h.code = 'workflows_idle' $$;
SET LOCAL timezone = 'UTC';
UPDATE o365_internal.subscription SET connected_at = now() - interval '74 days', idle_check_on = current_date
    WHERE subscription_id IN (:bob, :ann);
SELECT is(o365_internal.chore_find_idle(), NULL, 'after 74 days it is not idle');
SELECT is((SELECT idle_check_on FROM o365_internal.subscription WHERE subscription_id = :bob), current_date + 1,
    'and looked at again tomorrow');
UPDATE o365_internal.subscription SET connected_at = now() - interval '75 days', idle_check_on = current_date
    WHERE subscription_id IN (:bob, :ann);
UPDATE o365_internal.lane SET posted_on = current_date - 10 WHERE subscription_id = :bob;
SELECT is(o365_internal.chore_find_idle(), NULL, 'nor when something was posted to it since');
SELECT is((SELECT idle_check_on FROM o365_internal.subscription WHERE subscription_id = :bob), current_date + 65,
    'which puts the next look off');
UPDATE o365_internal.subscription SET idle_check_on = current_date;
UPDATE o365_internal.lane SET posted_on = current_date - 75 WHERE subscription_id IN (:bob, :ann);
SELECT is(o365_internal.chore_find_idle(), 'found 1 workflow that nothing was posted to for 75 days',
    'after 75 days it is; a connector webhook never is');
SELECT is((SELECT idle_since FROM o365.subscriptions WHERE subscription_id = :bob), current_date - 75,
    'the view says since when');
SELECT is(pg_temp.idle(), ARRAY['connector desk: subscription ' || :bob], 'and health');
UPDATE o365_internal.subscription SET idle_check_on = current_date WHERE idle_since IS NOT NULL;
SELECT is(o365_internal.chore_find_idle(), NULL, 'the next day says it no second time');
SELECT is((SELECT count(*) FROM unnest(pg_temp.events(:bob)) AS e WHERE e ~ '^idle worker'), 1::bigint,
    'it is one event');
UPDATE o365_internal.lane SET posted_on = current_date WHERE subscription_id = :bob;
SELECT is(pg_temp.idle(), NULL, 'once something is posted to it health is quiet');
UPDATE o365_internal.subscription SET idle_check_on = current_date WHERE idle_since IS NOT NULL;
SELECT o365_internal.chore_find_idle() \g /dev/null
SELECT is((SELECT idle_since FROM o365.subscriptions WHERE subscription_id = :bob), NULL, 'and the chore clears it');
ROLLBACK;

-- Ways in that lead nowhere.
BEGIN;
CREATE FUNCTION pg_temp.found(code text) RETURNS text[] LANGUAGE sql AS
    $$ SELECT array_agg(h.object ORDER BY h.object) FROM o365.health() AS h WHERE h.code = found.code $$;
SELECT o365.set('connect_url', 'https://outlook.office.com/connectors/Connect') \g /dev/null
SELECT is(pg_temp.found('button_retired'), NULL, 'a connector that offers the paste is all right');
SELECT o365.alter_connector('desk', ways => '{button}'), o365.alter_connector('other', ways => '{button,workflow}')
    \g /dev/null
SELECT is(pg_temp.found('button_retired'), '{connector desk}',
    'one that offers only the button to Microsoft''s retired page is not');
SELECT o365.set('connect_url', 'https://sandbox.example/connect') \g /dev/null
SELECT is(pg_temp.found('button_retired'), NULL, 'another page may work');
INSERT INTO o365_internal.connect_attempt (connector_id, way, expires_at, outcome, request_id)
    SELECT c.connector_id, CASE WHEN c.slug = 'other' THEN 'workflow' ELSE 'button' END, now(), 'abandoned',
        'r-' || c.slug || i
      FROM o365_internal.connector AS c, generate_series(1, 4) AS i;
UPDATE o365_internal.connect_attempt SET started_at = now() - interval '8 days' WHERE outcome = 'connected';
SELECT is(pg_temp.found('attempts_abandoned'), NULL, 'four abandoned attempts say nothing');
INSERT INTO o365_internal.connect_attempt (connector_id, way, expires_at, outcome, request_id)
    SELECT c.connector_id, CASE WHEN c.slug = 'other' THEN 'workflow' ELSE 'button' END, now(), 'abandoned',
        'r-' || c.slug || 5 FROM o365_internal.connector AS c;
SELECT is(pg_temp.found('attempts_abandoned'), '{connector desk}',
    'five by the button within a week, and no other end, do');
INSERT INTO o365_internal.connect_attempt (connector_id, expires_at, outcome, request_id) SELECT c.connector_id,
    now(), 'AccessDenied', 'r-1' FROM o365_internal.connector AS c WHERE c.slug = 'desk';
SELECT is(pg_temp.found('attempts_abandoned'), NULL, 'one that came back proves that the page is there');
ROLLBACK;

-- What this session may call, settings and workers.
SET SESSION AUTHORIZATION shop;
SELECT is((SELECT what_it_does FROM o365.functions WHERE name = 'disconnect'),
    'Removes a connection for good, as o365.remove does, for an application that may use its connector.',
    'a line says what a function does');
SELECT is((SELECT arguments FROM o365.functions WHERE name = 'resume'),
    'subscription_id bigint, reason text DEFAULT NULL::text', 'and what it takes');
SELECT is_empty($$SELECT name FROM o365.functions WHERE name IN ('remove', 'set', 'health') OR name ~
    '^(responder|worker)_'$$, 'an application is shown none of an operator''s');
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION keeper;
SELECT isnt_empty($$SELECT name FROM o365.functions WHERE name = 'health'$$, 'nor an operator fewer');
SELECT is_empty($$SELECT name FROM o365.functions WHERE what_it_does IS NULL$$, 'each has its line');
SELECT is((SELECT name || ' ' || version || ' ' || alive FROM o365.workers WHERE worker_id = :w), 'w test true',
    'o365.workers says who is alive');
SELECT o365.set('history_days', '40') \g /dev/null
SELECT results_eq($$SELECT value, default_value, unit, range, changed_by, changed_at > now() - interval '1 hour'
    FROM o365.settings WHERE name = 'history_days'$$,
    $$VALUES ('40', '30', 'days', '1 to 9999', 'keeper', true)$$,
        'a setting has its default, unit, range, and who changed it when');
RESET SESSION AUTHORIZATION;
SELECT is_empty($$SELECT s.name FROM o365_internal.setting AS s WHERE s.default_value IS NULL$$,
    'each setting has a default');
SELECT is_empty($$SELECT s.name, n FROM o365_internal.setting AS s, regexp_matches(s.range, '^(\d+) to (\d+)$')
    AS r (v), unnest(r.v) WITH ORDINALITY AS b (n, i)
    WHERE b.n !~ s.pattern OR (b.n::integer + CASE b.i WHEN 1 THEN -1 ELSE 1 END)::text ~ s.pattern$$,
        'a range is what the setting takes, and no more');
SELECT is_empty($$SELECT s.name FROM o365_internal.setting AS s WHERE s.default_value ~ '^\d+$' AND s.unit IS NULL$$,
    'each number has a unit');
SELECT * FROM finish();
