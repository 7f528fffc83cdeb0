-- Connecting: tickets, states, and every way a callback can end.
\ir fixtures/setup.sql
BEGIN;
SELECT no_plan();

SELECT pg_temp.begin('s1', 'c1') \g /dev/null
SELECT is(pg_temp.callback('s1', 'other', 'r-000000000001') ->> 'outcome', 'other_browser', 'another browser''s hit is refused');
SELECT is(pg_temp.callback('nobody-made-this', 'c1', 'r-000000000002') ->> 'outcome', 'no_state', 'a state that was not handed out is refused');
SELECT is(pg_temp.callback('s1', NULL, 'r-000000000003') ->> 'outcome', 'no_cookie', 'a browser without the cookie is refused');
SELECT is(pg_temp.callback('s1', 'c1', 'r-000000000004', slug => 'nothing') ->> 'outcome', 'unknown_connector', 'an unknown connector is told apart');
SELECT is((SELECT count(*) FROM o365_internal.subscription), 0::bigint, 'none of them stores anything');
SELECT is(pg_temp.callback('s1', 'c1', 'r-000000000005') ->> 'outcome', 'connected', 'and none of them consumed the state');
SELECT matches(o365.responder_callback_outcome('r-000000000005') ->> 'location', '^https://app\.example\.org/connect/desk/done/[0-9a-f-]{36}$', 'success leads to its own page');
SELECT is(pg_temp.callback('s1', 'c1', 'r-000000000006') ->> 'outcome', 'repeated', 'a repeat in the same browser shows success');
SELECT is(pg_temp.callback('s1', 'c2', 'r-000000000007') ->> 'outcome', 'used', 'a repeat in another browser does not');
SELECT is((SELECT count(*) FROM o365_internal.subscription), 1::bigint, 'and a repeat stores nothing again');
SELECT is((SELECT array_agg(a.outcome ORDER BY a.outcome) FROM o365.attempt('r-000000000001') AS a), ARRAY['other_browser'], 'attempt() finds a failure by its request id');
SELECT isnt((SELECT a.next_step FROM o365.attempt('r-000000000002') AS a), NULL, 'and says what to do next');

SELECT is(o365_internal.pgp_pub_decrypt(s.sealed, o365_internal.dearmor(:'secret_key'))::jsonb,
    jsonb_build_object('purpose', 'webhook', 'id', s.subscription_id::text, 'webhook', 'https://contoso.webhook.office.com/webhookb2/1', 'user_object_id', 'object-1'),
    'what is stored opens with the secret key and names its row and purpose') FROM o365_internal.subscription AS s;
SELECT is(s.app_type || '/' || s.app_type_normalised, 'Groups/groups', 'app_type is kept as received and normalised') FROM o365_internal.subscription AS s;
SELECT is(o365_internal.pgp_key_id(s.sealed), s.key_id, 'and it is sealed under the key it names') FROM o365_internal.subscription AS s;

SELECT pg_temp.begin('s2', 'c1') \g /dev/null
UPDATE o365_internal.connect_attempt SET expires_at = clock_timestamp() WHERE state_hash = sha256('s2');
SELECT is(pg_temp.callback('s2', 'c1', 'r-000000000010') ->> 'outcome', 'expired', 'an expired state is refused');
SELECT pg_temp.begin('s3', 'c1') \g /dev/null
SELECT is(pg_temp.callback('s3', 'c1', 'r-000000000011', host => 'evil.example') ->> 'outcome', 'refused_host', 'a webhook elsewhere is refused');
SELECT is((SELECT a.detail FROM o365.attempt('r-000000000011') AS a), 'evil.example', 'naming the host for the operator');
SELECT is(pg_temp.callback('s3', 'c1', 'r-000000000012') ->> 'outcome', 'used', 'and consumes the state');
SELECT pg_temp.begin('s4', 'c1') \g /dev/null
SELECT is(o365.responder_callback_error('desk', 'r-000000000013', sha256('s4'), sha256('c1'), 'AccessDenied') ->> 'outcome', 'denied', 'AccessDenied is understood');
SELECT is(pg_temp.callback('s4', 'c1', 'r-000000000014') ->> 'outcome', 'used', 'and consumes the state');
SELECT pg_temp.begin('s5', 'c1') \g /dev/null
SELECT is(o365.responder_callback_error('desk', 'r-000000000015', sha256('s5'), sha256('x'), 'AccessDenied') ->> 'outcome', 'other_browser', 'nobody denies for somebody else');
SELECT is(o365.responder_callback_error('desk', 'r-000000000016', sha256('s5'), sha256('c1'), 'Invalid Request') ->> 'outcome', 'invalid_request', 'Invalid Request is understood');
SELECT is(o365.responder_callback_error('desk', 'r-000000000017', NULL, NULL, 'no_parameters') ->> 'outcome', 'no_parameters', 'a callback without parameters is written down');
SELECT is(pg_temp.callback('s5', 'c1', 'r-000000000018', port => '8443') ->> 'outcome', 'used', 'an ended state stays ended');

-- Renewal.
SELECT pg_temp.begin('s6', 'c1') \g /dev/null
SELECT pg_temp.callback('s6', 'c1', 'r-000000000020', group_name => 'Sales renamed') \g /dev/null
SELECT is((SELECT count(*) FROM o365_internal.subscription), 1::bigint, 'the same webhook for the same user renews');
SELECT is((SELECT s.group_name || s.secret_version FROM o365_internal.subscription AS s), 'Sales renamed2', 'with the new name and a new version');
SELECT pg_temp.begin('s7', 'c1', 'bob') \g /dev/null
SELECT pg_temp.callback('s7', 'c1', 'r-000000000021') \g /dev/null
SELECT is((SELECT count(*) FROM o365_internal.subscription), 2::bigint, 'for another user it is a new subscription');

-- Hosts are compared label by label.
SELECT o365.allow_webhook_host('connector', '*.webhook.office.com') \g /dev/null
SELECT is(o365_internal.webhook_dialect(h.host, h.port), h.dialect, format('%s:%s is %s', h.host, h.port, coalesce(h.dialect, 'refused'))) FROM (VALUES
    ('contoso.webhook.office.com', 443, 'connector'), ('a.b.webhook.office.com', 443, 'connector'), ('webhook.office.com', 443, NULL),
    ('evilwebhook.office.com', 443, NULL), ('outlook.office.com', 443, 'connector'), ('outlook.office.com', 8443, NULL),
    ('outlook.office.com.evil.tld', 443, NULL), ('prod-1.westeurope.logic.azure.com', 443, 'workflow'), ('', 443, NULL), ('office.com', 443, NULL)
) AS h (host, port, dialect);

-- Tickets.
SET LOCAL SESSION AUTHORIZATION shop;
SELECT matches(o365.begin_connect('desk', 'carol', 'https://app.example.org/back', '{"order": 7}'), '^https://app\.example\.org/connect/desk/\?ticket=[-_A-Za-z0-9]{43}$', 'begin_connect gives a link');
SELECT throws_ok($$SELECT o365.begin_connect('desk', ' ')$$, '22023', 'app_user is empty or longer than 200 characters', 'without a user it does not');
SELECT throws_ok($$SELECT o365.begin_connect('desk', 'x', 'javascript:alert(1)')$$, '22023', 'return_url is no https URL', 'nor with a target that is no page');
SELECT throws_ok(format($$SELECT o365.begin_connect('desk', 'x', NULL, %L)$$, to_jsonb(repeat('x', 2000))), '22023', 'app_state has 2002 bytes', 'nor with too much to remember');
SET LOCAL SESSION AUTHORIZATION stranger;
SELECT throws_ok($$SELECT o365.begin_connect('desk', 'carol')$$, '42501', 'there is no connector ''desk'' that role stranger may use', 'another application is refused');
SELECT throws_ok($$SELECT o365.begin_connect('nothing', 'carol')$$, '42501', 'there is no connector ''nothing'' that role stranger may use', 'in the same words as when there is none');
RESET SESSION AUTHORIZATION;
SELECT is(t.ticket_hash IS NOT NULL AND length(t.ticket_hash) = 32, true, 'only a hash of the ticket is stored') FROM o365_internal.ticket AS t WHERE t.app_user = 'carol';

INSERT INTO o365_internal.ticket (ticket_hash, connector_id, app_user, return_url, expires_at)
    SELECT sha256('t1'), c.connector_id, 'dave', 'https://app.example.org/back', now() + interval '1 hour' FROM o365_internal.connector AS c WHERE c.slug = 'desk';
SELECT is(o365.responder_landing('desk', sha256('t1')) ->> 'account', 'dave', 'the landing page names the account of a ticket');
SELECT is(o365.responder_landing('desk', sha256('t2')) ->> 'ticket', 'invalid', 'an unknown ticket is invalid');
SELECT is((o365.responder_landing('desk', NULL) ->> 'may_start')::boolean, false, 'without a ticket there is no button');
SELECT is(o365.responder_start('desk', NULL, sha256('s8'), sha256('c'), 'r-0') ->> 'reason', 'ticket', 'and no start');
SELECT is((o365.responder_start('desk', sha256('t1'), sha256('s9'), sha256('c'), 'r-0') ->> 'started')::boolean, true, 'a ticket starts');
SELECT is((o365.responder_start('desk', sha256('t1'), sha256('s10'), sha256('c'), 'r-0') ->> 'started')::boolean, true, 'and may start again while nothing came of it: people press Back');
SELECT is(pg_temp.callback('s9', 'c', 'r-000000000030', 'https://contoso.webhook.office.com/x/9') ->> 'location', 'https://app.example.org/back', 'success leads to the application''s own page');
SELECT is(pg_temp.callback('s10', 'c', 'r-000000000031', 'https://contoso.webhook.office.com/x/10') ->> 'outcome', 'used', 'one ticket makes one connection');
SELECT is(o365.responder_landing('desk', sha256('t1')) ->> 'ticket', 'invalid', 'a used ticket is invalid');
UPDATE o365_internal.connector SET allow_anonymous = true WHERE slug = 'desk';
SELECT is((o365.responder_start('desk', NULL, sha256('s11'), sha256('c'), 'r-0') ->> 'started')::boolean, true, 'a connector that allows it starts without a ticket');
SELECT is((o365.responder_start('desk', sha256('t1'), sha256('s12'), sha256('c'), 'r-0') ->> 'started')::boolean, false, 'but never with a wrong one');
SELECT is(o365.responder_done('desk', (SELECT public_id::text FROM o365_internal.connect_attempt WHERE state_hash = sha256('s9')), NULL) ->> 'account', 'dave', 'the done page is found by its id');
SELECT is((o365.responder_done('desk', gen_random_uuid()::text, NULL) ->> 'found')::boolean, false, 'and by no other');
SELECT is((o365.responder_done('desk', 'x'' or 1=1', NULL) ->> 'found')::boolean, false, 'nor by what is no id');

-- Without a key nobody connects, and nothing is lost: the state stays open.
UPDATE o365_internal.sealing_key SET active = false;
SELECT pg_temp.begin('s13', 'c1', 'eve') \g /dev/null
SELECT throws_ok($$SELECT pg_temp.callback('s13', 'c1', 'r-000000000040')$$, '55000', 'there is no key to seal webhooks under', 'without a key a callback fails');
UPDATE o365_internal.sealing_key SET active = true;
SELECT is(pg_temp.callback('s13', 'c1', 'r-000000000041') ->> 'outcome', 'connected', 'and goes through once there is one');

SELECT * FROM finish();
ROLLBACK;
