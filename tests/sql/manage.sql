-- The page on which people manage what they connected: its links, what it shows, and what its buttons do.
\ir fixtures/setup.sql
BEGIN;
SELECT no_plan();

CREATE FUNCTION pg_temp.token(link text) RETURNS bytea LANGUAGE sql AS $$
    SELECT sha256(convert_to(substring(link FROM '[^/]+$'), 'UTF8')) $$;
CREATE FUNCTION pg_temp.page(link text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT o365_programs.responder_manage(pg_temp.token(link)) $$;
CREATE FUNCTION pg_temp.press(link text, what text, ticket text DEFAULT NULL, choice jsonb DEFAULT NULL) RETURNS text
    LANGUAGE sql AS $$
    SELECT o365_programs.responder_manage_act(pg_temp.token(link),
        what, '{"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": "{connector}"}]}', sha256(ticket::bytea),
        choice) ->> 'outcome' $$;
CREATE FUNCTION pg_temp.status(id bigint) RETURNS text LANGUAGE sql AS $$
    SELECT s.status FROM o365_internal.subscription AS s WHERE s.subscription_id = id $$;
CREATE FUNCTION pg_temp.used(ticket text) RETURNS boolean LANGUAGE sql AS $$
    SELECT NOT EXISTS (SELECT FROM o365_internal.ticket AS t WHERE t.ticket_hash = sha256(ticket::bytea)
        AND t.used_at IS NULL) $$;
SELECT o365_programs.worker_start('one', '1', 'production') \g /dev/null
SELECT pg_temp.connect('ann') AS id \gset
UPDATE o365_internal.subscription SET dialect = 'workflow', label = 'Ann of Sales', proved_at = now()
 WHERE subscription_id = :id;

-- Links.
SET LOCAL SESSION AUTHORIZATION shop;
SELECT o365.manage_link(:id) AS owner \gset
SELECT o365.manage_link(:id, for_cards => true) AS card \gset
SELECT matches(:'owner'::text, '^https://app\.example\.org/manage/[A-Za-z0-9_-]{32}$',
    'a link has a token of 192 bits');
RESET SESSION AUTHORIZATION;
SELECT is((SELECT count(*) FROM o365_internal.manage_link AS m WHERE to_jsonb(m)::text LIKE '%' || right(:'owner', 32)
    || '%'), 0::bigint, 'of which the database has no more than the hash');
SET LOCAL SESSION AUTHORIZATION stranger;
SELECT throws_ok(format('SELECT o365.manage_link(%s)', :id), '42501', NULL, 'another application gets none');
SELECT throws_ok('SELECT o365.manage_link(987654)', '42501',
    'there is no connection 987654 that role stranger may manage', 'nor learns what there is');
SELECT throws_ok(format('SELECT o365.revoke_manage_links(%s)', :id), '42501', NULL, 'nor ends any');
RESET SESSION AUTHORIZATION;
SET LOCAL SESSION AUTHORIZATION keeper;
SELECT matches(o365.manage_link(:id), '^https://', 'an operator gets one of any connection');
RESET SESSION AUTHORIZATION;
SELECT is(o365_programs.responder_manage(sha256('a guess')) ->> 'found', 'false', 'a guess finds nothing');
SELECT is(o365_programs.responder_manage(NULL) ->> 'found', 'false', 'no token finds nothing');
SELECT is(o365_programs.responder_manage_act(sha256('a guess'), 'remove') ->> 'found', 'false', 'and does nothing');
SELECT is(o365_programs.responder_manage_act(NULL, NULL) ->> 'found', 'false', 'neither does nothing at all');

-- What the page shows.
SELECT is(pg_temp.page(:'owner') @> '{"found": true, "kind": "owner", "slug": "desk", "place": "Sales",
    "account": "Ann of Sales", "status": "active", "dialect": "workflow",
    "waiting": 0, "why": null, "may_pause": true, "may_resume": false, "may_test": true, "may_renew": true,
    "may_remove": true, "ends": []}', true, 'the page of an active connection');
SELECT ok(pg_temp.page(:'owner') ? 'connected_at' AND pg_temp.page(:'owner') ->> 'proved_at' IS NOT NULL,
    'with its times');
SELECT is(pg_temp.page(:'card') @> '{"kind": "card", "may_pause": true, "may_test": false, "may_renew": false, '
                                   '"may_remove": false}', true, 'a link in a card offers to pause');
SELECT is(pg_temp.page(:'owner')::text ~ 'webhook.office.com|sealed|webhook_url', false, 'nothing of the webhook');

-- Pause and resume.
SELECT is(pg_temp.press(:'card', 'pause'), 'done', 'a link in a card pauses');
SELECT is(pg_temp.status(:id), 'paused', 'the connection is paused');
SELECT is(pg_temp.press(:'owner', 'pause'), 'not_now', 'what is paused is not paused once more');
SET LOCAL SESSION AUTHORIZATION shop;
SELECT o365.send(:id, '{"text": "waits"}'), o365.send(:id, '{"text": "waits too"}') \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT is(pg_temp.page(:'owner') @> '{"status": "paused", "waiting": 2, '
                                    '"why": "paused", "next_at": null, "may_pause": false, "may_resume": true}', true,
    'what is sent meanwhile waits, and the page says why');
SELECT is(pg_temp.press(:'card', what), 'not_now', 'a link in a card does not ' || what)
  FROM unnest('{test,renew,remove,events}'::text[]) AS u (what);
SELECT is(pg_temp.status(:id), 'paused', 'and changed nothing');
SELECT is(pg_temp.press(:'owner', 'delete everything'), 'not_now', 'an unknown button does nothing');
SELECT is(pg_temp.press(:'card', 'resume'), 'done', 'a link in a card resumes');
SELECT is(pg_temp.page(:'owner') @> '{"status": "active", "waiting": 2, "why": "sending"}', true,
    'and the page says that it is sent');
UPDATE o365_internal.lane SET failures = 2, failing_since = now(), problem = 'HTTP 500',
    next_at = now() + interval '10 minutes' WHERE subscription_id = :id;
SELECT is(pg_temp.page(:'owner') ->> 'why', 'failing', 'a card that fails');
SELECT isnt(pg_temp.page(:'owner') ->> 'next_at', NULL, 'with the time of its next try');
UPDATE o365_internal.lane SET throttled_since = now() WHERE subscription_id = :id;
SELECT is(pg_temp.page(:'owner') ->> 'why', 'throttled', 'a far end that wants less');
UPDATE o365_internal.worker SET seen_at = now() - interval '1 hour';
SELECT is(pg_temp.page(:'owner') ->> 'why', 'no_worker', 'nothing is sent at all');
UPDATE o365_internal.worker SET seen_at = now();

-- A pause until a time.
UPDATE o365_internal.lane SET failures = 0, failing_since = NULL, problem = NULL, next_at = now(),
    throttled_since = NULL WHERE subscription_id = :id;
SELECT results_eq($$SELECT c.at, o365_internal.pause_end(v.choice, v.at) FROM (VALUES ('tomorrow',
    '2026-03-28 23:30+00'::timestamptz), ('tomorrow', '2026-03-27 12:00+00'), ('monday', '2026-03-29 12:00+00'),
    ('monday', '2026-03-30 03:00+00'), ('hour', '2026-03-29 00:30+00'), ('', now()), (NULL, now())) AS v (choice, at),
    LATERAL (SELECT v.at) AS c$$,
    $$VALUES ('2026-03-28 23:30+00'::timestamptz, '2026-03-29 08:00+00'::timestamptz),
        ('2026-03-27 12:00+00', '2026-03-28 08:00+00'), ('2026-03-29 12:00+00', '2026-03-30 08:00+00'),
    ('2026-03-30 03:00+00', '2026-04-06 08:00+00'), ('2026-03-29 00:30+00', '2026-03-29 01:30+00'), (now(), NULL),
    (now(), NULL)$$, 'pauses end at eight, in the zone that is set');
SELECT o365.set('time_zone', 'Europe/Berlin') \g /dev/null
SELECT results_eq($$SELECT o365_internal.pause_end(v.choice, v.at)
    FROM (VALUES ('tomorrow', '2026-03-28 23:30+00'::timestamptz), ('tomorrow', '2026-03-28 12:00+00'),
        ('monday', '2026-10-24 12:00+00')) AS v (choice, at)$$,
    $$VALUES ('2026-03-30 06:00+00'::timestamptz), ('2026-03-29 06:00+00'), ('2026-10-26 07:00+00')$$,
    'also over a change of the clock');
SELECT throws_ok($$SELECT o365.set('time_zone', 'Europe/Nowhere')$$,
    '22023', 'setting time_zone cannot be ''Europe/Nowhere'': this server has no such zone',
    'a zone that there is not is refused');
SELECT is(pg_temp.press(:'card', 'pause', choice => '{"until": "hour"}'), 'done',
    'a link in a card pauses for an hour');
SELECT is((SELECT s.paused_until FROM o365_internal.subscription AS s WHERE s.subscription_id = :id),
    now() + interval '1 hour', 'until then');
SELECT matches(pg_temp.page(:'owner') ->> 'paused_until',
    to_char((now() + interval '1 hour') AT TIME ZONE 'Europe/Berlin', 'YYYY-MM-DD"T"HH24:MI:SS') || '\+0[12]:00',
    'which the page says in the zone');
SELECT is(pg_temp.press(:'card', 'resume'), 'done', 'resumed before');
SELECT is(pg_temp.page(:'owner') ->> 'paused_until', NULL, 'it has no end any more');
SELECT o365.set('time_zone', 'America/St_Johns') \g /dev/null
SELECT is(o365_internal.in_zone('2026-01-01 00:00+00'), '2025-12-31T20:30:00-03:30',
    'a zone west of Greenwich, with half an hour');

-- Events that are wanted.
UPDATE o365_internal.connector SET events = '{a ticket is opened,"a ticket, closed",x}' WHERE slug = 'desk';
SELECT pg_temp.page(:'owner') ->> 'events_version' AS version \gset
SELECT is(pg_temp.page(:'owner') -> 'events',
    '[{"n": "1", "name": "a ticket is opened", "wanted": true}, {"n": "2", "name": "a ticket, closed", '
    '"wanted": true}, {"n": "3", "name": "x", "wanted": true}]', 'all events are wanted');
SELECT is(pg_temp.page(:'card') ->> 'may_events', 'false', 'a link in a card does not choose');
SELECT is(pg_temp.press(:'owner', 'events', choice => jsonb_build_object('events_version', :'version',
    'wanted', '["1", "3", "7"]'::jsonb)), 'done', 'its owner does');
SELECT is((SELECT s.unwanted_events FROM o365_internal.subscription AS s WHERE s.subscription_id = :id),
    ARRAY['a ticket, closed'], 'what is not ticked is not wanted');
SELECT is(jsonb_path_query_array(pg_temp.page(:'owner'), '$.events[*].wanted'), '[true, false, true]',
    'and the page says so');
UPDATE o365_internal.connector SET events = '{"a ticket, closed",y}' WHERE slug = 'desk';
SELECT is(jsonb_path_query_array(pg_temp.page(:'owner'), '$.events[*].wanted'), '[false, true]',
    'an event that is registered later is wanted');
SELECT is(pg_temp.press(:'owner', 'events', choice => jsonb_build_object('events_version', :'version',
    'wanted', '["1"]'::jsonb)), 'not_now', 'a form with another list changes nothing');
SELECT is(pg_temp.press(:'owner', 'events'), 'not_now', 'nor does one without');
SELECT pg_temp.page(:'owner') ->> 'events_version' AS version \gset
SELECT is(pg_temp.press(:'owner', 'events', choice => jsonb_build_object('events_version', :'version',
    'wanted', '[]'::jsonb)), 'done', 'nothing may be wanted');
SELECT is((SELECT s.unwanted_events FROM o365_internal.subscription AS s WHERE s.subscription_id = :id),
    ARRAY['a ticket, closed', 'y'], 'at all');
SELECT results_eq(format('SELECT e.kind, e.actor, e.detail FROM o365_internal.event AS e '
                         'WHERE e.subscription_id = %s AND e.kind = ''changed'' ORDER BY e.event_id', :id),
    $$VALUES ('changed', 'user', 'events'), ('changed', 'user', 'events')$$, 'each change is an event');
UPDATE o365_internal.subscription SET unwanted_events = '{}' WHERE subscription_id = :id;

-- A connection that stopped.
INSERT INTO o365_internal.attempt (card_id, subscription_id, lease_no, worker, outcome, rule_id, http_status)
    VALUES (1, :id, 1, 1, 'suspend', 340, 404);
SELECT o365_internal.hold(:id, 'suspended', 'the webhook does not exist')
  FROM o365_internal.lock_subscription(:id) \g /dev/null
SELECT is(pg_temp.page(:'owner') @> '{"status": "suspended", "rule_id": "340", "why": "suspended", "may_resume": true, '
                                    '"may_renew": true}', true, 'says after which answer');

-- Test cards.
SELECT is(pg_temp.press(:'owner', 'test'), 'done', 'the ' || n || '. test card') FROM generate_series(1, 3) AS n;
SELECT is(pg_temp.press(:'owner', 'test'), 'too_many', 'the fourth within a minute is refused');
SELECT is((SELECT count(*) FROM o365_internal.event AS e WHERE e.subscription_id = :id AND e.kind = 'tested'
    AND e.actor = 'user'), 3::bigint, 'each is an event');
SELECT is(pg_temp.page(:'owner') @> '{"test_waits": true, "waiting": 2}', true,
    'test cards are not counted as waiting');
SELECT is((SELECT count(*) FROM o365_internal.outbox AS o
    WHERE o.subscription_id = :id AND o.position < 0 AND o.card LIKE '%Contoso Helpdesk%' AND o.event = 'test'),
    3::bigint, 'each goes before what waits, with the connector''s name');
SELECT o365_internal.end_cards(array_agg('accepted'::text), array_agg(NULL::text), array_agg(o.ctid),
    array_agg(o.enqueued_at)) FROM o365_internal.outbox AS o WHERE o.position < 0 \g /dev/null
UPDATE o365_internal.lane SET late = NULL WHERE subscription_id = :id;
SELECT is(pg_temp.press(:'owner', 'test'), 'too_many', 'also when they have arrived');
UPDATE o365_internal.delivery SET enqueued_at = enqueued_at - interval '2 minutes';
SELECT is(pg_temp.press(:'owner', 'test'), 'done', 'a minute later one may be sent again');
SELECT is(jsonb_array_length(pg_temp.page(:'owner') -> 'ends'), 3, 'the last ends');
SELECT is(pg_temp.page(:'owner') #> '{ends,0}' @> '{"event": "test", "outcome": "accepted"}', true,
    'with what they were');
INSERT INTO o365_internal.delivery (card_id, subscription_id, outcome, enqueued_at) SELECT 1000 + n, :id, 'dead', now()
    FROM generate_series(1, 20) AS n;
SELECT is(jsonb_array_length(pg_temp.page(:'owner') -> 'ends'), 10, 'ten of them');

-- A new address.
SELECT is(pg_temp.press(:'owner', 'renew', 't1'), 'done', 'a new address');
SELECT is(o365_programs.responder_landing('desk',
    sha256('t1')) @> '{"ticket": "valid", "account": "Ann of Sales", "renews": {"place": "Sales"}}', true,
    'is pasted with a ticket that names the place');
SELECT is(pg_temp.press(:'owner', 'renew', 't2'), 'done', 'once more');
SELECT results_eq($$SELECT pg_temp.used('t1'), pg_temp.used('t2')$$, $$VALUES (true, false)$$,
    'ends the ticket before');
INSERT INTO o365_programs.paste (slug, request_id, ticket_hash, cookie_hashes, cookie_hash, webhook_host, webhook_port,
    webhook_url, place, card)
    VALUES ('desk', 'r-00000000000a', sha256('t2'), ARRAY[sha256('c')]::text, sha256('c'),
        'prod-01.westeurope.logic.azure.com', '443',
        'https://prod-01.westeurope.logic.azure.com/workflows/stolen', NULL,
        '{"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": "{code}"}]}');
SELECT is(o365_programs.responder_paste_outcome('desk', 'r-00000000000a') ->> 'outcome', 'pending',
    'a webhook that is pasted with it waits for its code');

-- Revoking.
SET LOCAL SESSION AUTHORIZATION shop;
SELECT is(o365.revoke_manage_links(:id), 3, 'revoking ends all links');
SELECT is(o365.revoke_manage_links(:id), 0, 'once');
RESET SESSION AUTHORIZATION;
SELECT is(pg_temp.page(:'owner') ->> 'found', 'false', 'they show nothing');
SELECT is(pg_temp.press(:'card', 'pause'), 'not_now', 'and do nothing');
SELECT is(pg_temp.used('t2'), true, 'nor does the ticket that one of them made');
SELECT o365_internal.prove(a.attempt_id) FROM o365_internal.connect_attempt AS a
 WHERE a.request_id = 'r-00000000000a' \g /dev/null
SELECT results_eq(format($$SELECT a.outcome,
        s.webhook_index = o365_internal.blind_index('webhook', 'https://contoso.webhook.office.com/webhookb2/ann1')
    FROM o365_internal.connect_attempt AS a, o365_internal.subscription AS s
    WHERE a.request_id = 'r-00000000000a' AND s.subscription_id = %s$$, :id),
    $$VALUES ('used', true)$$, 'not even with the code of a webhook that was pasted before');
SELECT is(pg_temp.status(:id), 'suspended', 'the connection stays as it is');

-- Many links.
SET LOCAL SESSION AUTHORIZATION shop;
SELECT o365.manage_link(:id) AS first \gset
SELECT o365.manage_link(:id, true) FROM generate_series(1, 150) \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT is((SELECT count(*) FROM o365_internal.manage_link AS m WHERE m.subscription_id = :id AND m.kind = 'card'),
    100::bigint, 'of links for cards the newest hundred are kept');
SELECT is(pg_temp.page(:'first') ->> 'found', 'true', 'those of the owner beside them');

-- From the page that says that it is connected.
SELECT a.public_id AS public_id FROM o365_internal.connect_attempt AS a WHERE a.subscription_id = :id
   AND a.outcome = 'connected' \gset
SELECT is(o365_programs.responder_done('desk', :'public_id', ARRAY[sha256('other'), sha256('cookie')]) ->> 'cookie',
    '2', 'the page of success knows the browser that connected');
SELECT is(o365_programs.responder_done('desk', :'public_id', ARRAY[sha256('other')]) -> 'cookie', NULL, 'and no other');
SELECT is(o365_programs.responder_manage_link('desk', :'public_id', sha256('other'), sha256('m1')) ->> 'made', 'false',
    'another browser gets no link');
SELECT is(o365_programs.responder_manage_link('desk', :'public_id', NULL, sha256('m1')) ->> 'made', 'false',
    'nor one without a cookie');
SELECT is(o365_programs.responder_manage_link('desk', 'no id', sha256('cookie'), sha256('m1')) ->> 'made', 'false',
    'nor for an id that is none');
SELECT is(o365_programs.responder_manage_link('desk', :'public_id', sha256('cookie'), sha256('m1')) ->> 'made', 'true',
    'the one that connected does');
SELECT is(o365_programs.responder_manage(sha256('m1')) ->> 'kind', 'owner', 'one for its owner');

-- Remove.
SELECT is(pg_temp.press(:'first', 'renew', 't3'), 'done', 'a ticket for a new address');
SELECT is(pg_temp.press(:'first', 'remove'), 'done', 'its owner removes it');
SELECT results_eq(format('SELECT s.status, s.sealed IS NULL FROM o365_internal.subscription AS s '
                         'WHERE s.subscription_id = %s', :id), $$VALUES ('removed', true)$$, 'the webhook is wiped');
SELECT is(pg_temp.used('t3'), true, 'the ticket connects nothing any more');
SELECT is(pg_temp.page(:'first') @> '{"found": true, "status": "removed"}', true, 'the page says that it is removed');
SELECT is(pg_temp.page(:'first') ? 'account', false, 'and nothing else');
SELECT is(pg_temp.press(:'first', what), 'not_now', 'and does not ' || what)
  FROM unnest('{pause,resume,test,renew,remove,events}'::text[]) AS u (what);
SET LOCAL SESSION AUTHORIZATION shop;
SELECT throws_ok(format('SELECT o365.manage_link(%s)', :id), '55000', format('subscription %s is removed', :id),
    'and gets no link');
RESET SESSION AUTHORIZATION;

-- Who connected without an account cannot be given a ticket, which names one.
SELECT pg_temp.connect('bob') AS bob \gset
UPDATE o365_internal.subscription SET app_user = NULL WHERE subscription_id = :bob;
SET LOCAL SESSION AUTHORIZATION keeper;
SELECT o365.manage_link(:bob) AS anonymous \gset
RESET SESSION AUTHORIZATION;
SELECT is(pg_temp.page(:'anonymous') @> '{"account": null, "may_renew": false, "may_remove": true}', true,
    'an anonymous connection gets no new address');
SELECT is(pg_temp.press(:'anonymous', 'renew', 't9'), 'not_now', 'whoever asks');

-- A link in a card is seen by a whole group: it does not fill the table of events.
SELECT pg_temp.connect('eve') AS eve \gset
SET LOCAL SESSION AUTHORIZATION shop;
SELECT o365.manage_link(:eve, for_cards => true) AS card \gset
RESET SESSION AUTHORIZATION;
SELECT o365.set('presses_per_minute', '4') \g /dev/null
SELECT is(pg_temp.press(:'card', CASE n % 2 WHEN 1 THEN 'pause' ELSE 'resume' END), CASE WHEN n < 5 THEN 'done'
    ELSE 'too_many_presses' END, 'press ' || n) FROM generate_series(1, 5) AS n;
SELECT is(pg_temp.status(:eve), 'active', 'beyond the bound nothing changes');
SELECT is(o365.pause(:eve), 'paused', 'and others still can pause it');
SELECT o365.set('presses_per_minute', '20') \g /dev/null

SELECT * FROM finish();
ROLLBACK;
