-- Connecting: tickets, states, and every way a callback can end.
\ir fixtures/setup.sql
BEGIN;
SELECT no_plan();

SELECT pg_temp.begin('s1', 'c1') \g /dev/null
SELECT is(pg_temp.callback('s1', 'other', 'r-000000000001') ->> 'outcome', 'other_browser',
    'another browser''s hit is refused');
SELECT is(pg_temp.callback('nobody-made-this', 'c1', 'r-000000000002') ->> 'outcome', 'no_state',
    'a state that was not handed out is refused');
SELECT is(pg_temp.callback('s1', NULL, 'r-000000000003') ->> 'outcome', 'no_cookie',
    'a browser without the cookie is refused');
SELECT is(pg_temp.callback('s1', 'c1', 'r-000000000004', slug => 'nothing') ->> 'outcome', 'unknown_connector',
    'an unknown connector is told apart');
SELECT is((SELECT count(*) FROM o365_internal.subscription), 0::bigint, 'none of them stores anything');
SELECT is(pg_temp.callback('s1', 'c1', 'r-000000000005') ->> 'outcome', 'connected',
    'and none of them consumed the state');
SELECT matches(o365_programs.responder_callback_outcome('r-000000000005') ->> 'location',
    '^https://app\.example\.org/connect/desk/done/[0-9a-f-]{36}$', 'success leads to its own page');
-- Within its transaction a callback hands its page on; afterwards the page is made of what was stored.
CREATE FUNCTION pg_temp.page_once_more(request_id text) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('o365.connected', '', true);
    RETURN o365_programs.responder_callback_outcome(request_id);
END $$;
CREATE TEMP TABLE handed_on AS SELECT o365_programs.responder_callback_outcome('r-000000000005') AS page;
SELECT is(pg_temp.page_once_more('r-000000000005'), h.page, 'the page that is handed on is that of what was stored')
  FROM handed_on AS h;
SELECT is(pg_temp.callback('s1', 'c1', 'r-000000000006') ->> 'outcome', 'repeated',
    'a repeat in the same browser shows success');
SELECT is(pg_temp.callback('s1', 'c2', 'r-000000000007') ->> 'outcome', 'used', 'a repeat in another browser does not');
SELECT is((SELECT count(*) FROM o365_internal.subscription), 1::bigint, 'and a repeat stores nothing again');
SELECT is((SELECT array_agg(a.outcome ORDER BY a.outcome) FROM o365.connect_attempt('r-000000000001') AS a),
    ARRAY['other_browser'], 'connect_attempt() finds a failure by its request id');
SELECT isnt((SELECT a.next_step FROM o365.connect_attempt('r-000000000002') AS a), NULL, 'and says what to do next');

SELECT is(o365_internal.pgp_pub_decrypt(s.sealed, o365_internal.dearmor(:'secret_key'))::jsonb,
    jsonb_build_object('purpose', 'webhook', 'id', s.subscription_id::text,
        'webhook', 'https://contoso.webhook.office.com/webhookb2/1', 'user_object_id', 'object-1'),
    'what is stored opens with the secret key and names its row and purpose') FROM o365_internal.subscription AS s;
SELECT is(s.app_type || '/' || s.app_type_normalised, 'Groups/groups', 'app_type is kept as received and normalised')
  FROM o365_internal.subscription AS s;
SELECT is(o365_internal.pgp_key_id(s.sealed), s.key_id, 'and it is sealed under the key it names')
  FROM o365_internal.subscription AS s;

SELECT pg_temp.begin('s2', 'c1') \g /dev/null
UPDATE o365_internal.connect_attempt SET expires_at = clock_timestamp() WHERE state_hash = sha256('s2');
SELECT is(pg_temp.callback('s2', 'c1', 'r-000000000010') ->> 'outcome', 'expired', 'an expired state is refused');
SELECT pg_temp.begin('s3', 'c1') \g /dev/null
SELECT is(pg_temp.callback('s3', 'c1', 'r-000000000011', host => 'evil.example') ->> 'outcome', 'refused_host',
    'a webhook elsewhere is refused');
SELECT is((SELECT a.detail FROM o365.connect_attempt('r-000000000011') AS a), 'evil.example',
    'naming the host for the operator');
SELECT is(pg_temp.callback('s3', 'c1', 'r-000000000012') ->> 'outcome', 'used', 'and consumes the state');
SELECT pg_temp.begin('s4', 'c1') \g /dev/null
SELECT is(o365_programs.responder_callback_error('desk', 'r-000000000013', sha256('s4'), sha256('c1'),
    'AccessDenied') ->> 'outcome', 'denied', 'AccessDenied is understood');
SELECT is(pg_temp.callback('s4', 'c1', 'r-000000000014') ->> 'outcome', 'used', 'and consumes the state');
SELECT pg_temp.begin('s5', 'c1') \g /dev/null
SELECT is(o365_programs.responder_callback_error('desk', 'r-000000000015', sha256('s5'), sha256('x'),
    'AccessDenied') ->> 'outcome', 'other_browser', 'nobody denies for somebody else');
SELECT is(o365_programs.responder_callback_error('desk', 'r-000000000016', sha256('s5'), sha256('c1'),
    'Invalid Request') ->> 'outcome', 'invalid_request', 'Invalid Request is understood');
SELECT is(o365_programs.responder_callback_error('desk', 'r-000000000017', NULL, NULL, 'no_parameters') ->> 'outcome',
    'no_parameters', 'a callback without parameters is written down');
SELECT is(pg_temp.callback('s5', 'c1', 'r-000000000018', port => '8443') ->> 'outcome', 'used',
    'an ended state stays ended');

-- Renewal.
SELECT pg_temp.begin('s6', 'c1') \g /dev/null
SELECT pg_temp.callback('s6', 'c1', 'r-000000000020', group_name => 'Sales renamed') \g /dev/null
SELECT is((SELECT count(*) FROM o365_internal.subscription), 1::bigint, 'the same webhook for the same user renews');
SELECT is((SELECT s.group_name || s.secret_version FROM o365_internal.subscription AS s), 'Sales renamed2',
    'with the new name and a new version');
SELECT pg_temp.begin('s7', 'c1', 'bob') \g /dev/null
SELECT pg_temp.callback('s7', 'c1', 'r-000000000021') \g /dev/null
SELECT is((SELECT count(*) FROM o365_internal.subscription), 2::bigint, 'for another user it is a new subscription');

-- Hosts are compared label by label.
SELECT o365.allow_webhook_host('connector', '*.webhook.office.com') \g /dev/null
SELECT is(o365_internal.webhook_dialect(h.host, h.port), h.dialect,
    format('%s:%s is %s', h.host, h.port, coalesce(h.dialect, 'refused'))) FROM (VALUES
    ('contoso.webhook.office.com', 443, 'connector'), ('a.b.webhook.office.com', 443, 'connector'),
    ('webhook.office.com', 443, NULL),
    ('evilwebhook.office.com', 443, NULL), ('outlook.office.com', 443, 'connector'), ('outlook.office.com', 8443, NULL),
    ('outlook.office.com.evil.tld', 443, NULL), ('prod-1.westeurope.logic.azure.com', 443, 'workflow'), ('', 443, NULL),
    ('office.com', 443, NULL)
) AS h (host, port, dialect);

-- Tickets.
SET LOCAL SESSION AUTHORIZATION shop;
SELECT matches(o365.begin_connect('desk', 'carol', 'https://app.example.org/back', '{"order": 7}'),
    '^https://app\.example\.org/connect/desk/\?ticket=[-_A-Za-z0-9]{43}$', 'begin_connect gives a link');
SELECT throws_ok($$SELECT o365.begin_connect('desk', ' ')$$, '22023', 'app_user is empty or longer than 200 characters',
    'without a user it does not');
SELECT throws_ok(format('SELECT o365.begin_connect(''desk'', %L)', 'ann' || c), '22023',
    format('app_user has a control character, U+%s, at place 4', code),
    'F40: nor one that a terminal obeys, U+' || code)
  FROM (VALUES (E'\x1b[2J', '001B'), (E'\r\n', '000D'), (E'\t', '0009'), (E'\x7f', '007F'), (U&'\009b', '009B'))
      AS v (c, code);
SELECT throws_ok(format('SELECT * FROM o365.move_connections(''ann'', %L)', E'\nann'), '22023',
    'to_user has a control character, U+000A, at place 1', 'F40: nor do connections move to one');
RESET SESSION AUTHORIZATION;
UPDATE o365_internal.subscription AS s SET app_user = E'old\n' WHERE s.subscription_id = (SELECT x.subscription_id
    FROM o365_internal.subscription AS x WHERE x.status = 'active' LIMIT 1) RETURNING s.subscription_id AS old \gset
SET LOCAL SESSION AUTHORIZATION shop;
SELECT matches(o365.begin_connect('desk', E'old\n'), 'ticket=', 'F40: a user who has a connection keeps the name');
SELECT is((SELECT count(*) FROM o365.send_to_user('desk', E'old\n', '{"text": "x"}')), 1::bigint,
    'F40: and is sent to');
RESET SESSION AUTHORIZATION;
UPDATE o365_internal.subscription AS s SET app_user = 'ann' WHERE s.subscription_id = :old;
DELETE FROM o365_internal.outbox;
SET LOCAL SESSION AUTHORIZATION shop;
SELECT throws_ok($$SELECT o365.begin_connect('desk', 'x', 'javascript:alert(1)')$$, '22023',
    'return_url is no https URL', 'nor with a target that is no page');
SELECT throws_ok(format($$SELECT o365.begin_connect('desk', 'x', NULL, %L)$$, to_jsonb(repeat('x', 2000))), '22023',
    'app_state has 2002 bytes', 'nor with too much to remember');
SET LOCAL SESSION AUTHORIZATION stranger;
SELECT throws_ok($$SELECT o365.begin_connect('desk', 'carol')$$, '42501',
    'there is no connector ''desk'' that role stranger may use', 'another application is refused');
SELECT throws_ok($$SELECT o365.begin_connect('nothing', 'carol')$$, '42501',
    'there is no connector ''nothing'' that role stranger may use', 'in the same words as when there is none');
RESET SESSION AUTHORIZATION;
SELECT is(t.ticket_hash IS NOT NULL AND length(t.ticket_hash) = 32, true, 'only a hash of the ticket is stored')
  FROM o365_internal.ticket AS t WHERE t.app_user = 'carol';

INSERT INTO o365_internal.ticket (ticket_hash, connector_id, app_user, return_url, expires_at)
    SELECT sha256('t1'), c.connector_id, 'dave', 'https://app.example.org/back', now() + interval '1 hour'
      FROM o365_internal.connector AS c WHERE c.slug = 'desk';
SELECT is(o365_programs.responder_landing('desk', sha256('t1')) ->> 'account', 'dave',
    'the landing page names the account of a ticket');
SELECT is(o365_programs.responder_landing('desk', sha256('t2')) ->> 'ticket', 'invalid',
    'an unknown ticket is invalid');
SELECT is((o365_programs.responder_landing('desk', NULL) ->> 'may_start')::boolean, false,
    'without a ticket there is no button');
SELECT is(o365_programs.responder_start('desk', NULL, sha256('s8'), sha256('c'), 'r-0') ->> 'reason', 'ticket',
    'and no start');
SELECT is((o365_programs.responder_start('desk', sha256('t1'), sha256('s9'), sha256('c'),
    'r-0') ->> 'started')::boolean, true, 'a ticket starts');
SELECT is((o365_programs.responder_start('desk', sha256('t1'), sha256('s10'), sha256('c'),
    'r-0') ->> 'started')::boolean, true, 'and may start again while nothing came of it: people press Back');
UPDATE handed_on SET page = pg_temp.callback('s9', 'c', 'r-000000000030', 'https://contoso.webhook.office.com/x/9');
SELECT is(h.page ->> 'location', 'https://app.example.org/back', 'success leads to the application''s own page')
  FROM handed_on AS h;
SELECT is(pg_temp.page_once_more('r-000000000030'), h.page, 'also when it is read later') FROM handed_on AS h;
SELECT is(pg_temp.callback('s10', 'c', 'r-000000000031', 'https://contoso.webhook.office.com/x/10') ->> 'outcome',
    'used', 'one ticket makes one connection');
SELECT is(o365_programs.responder_landing('desk', sha256('t1')) ->> 'ticket', 'invalid', 'a used ticket is invalid');
UPDATE o365_internal.connector SET allow_anonymous = true WHERE slug = 'desk';
SELECT is((o365_programs.responder_start('desk', NULL, sha256('s11'), sha256('c'), 'r-0') ->> 'started')::boolean, true,
    'a connector that allows it starts without a ticket');
SELECT is((o365_programs.responder_start('desk', sha256('t1'), sha256('s12'), sha256('c'),
    'r-0') ->> 'started')::boolean, false, 'but never with a wrong one');
SELECT results_eq($$SELECT d ->> 'account', d ->> 'group_name', d ->> 'continue_url', d ->> 'elsewhere'
    FROM o365_programs.responder_done('desk', (SELECT public_id::text
    FROM o365_internal.connect_attempt WHERE state_hash = sha256('s9')), ARRAY[sha256('x'), sha256('c')]) AS d$$,
    $$VALUES ('dave', 'Sales', 'https://app.example.org/back', NULL::text)$$, 'the done page is found by its id');
SELECT is(o365_programs.responder_done('desk',
    (SELECT public_id::text FROM o365_internal.connect_attempt WHERE state_hash = sha256('s9')), other)
    - '{public_url,slug,name,short_description,website,request_id}'::text[],
    '{"found": true, "outcome": "connected", "elsewhere": true}'::jsonb,
    'F38: another browser, ' || why || ', learns only that something was connected')
  FROM (VALUES (NULL::bytea[], 'without a cookie'), (ARRAY[sha256('x')], 'with another cookie')) AS o (other, why);
SELECT is((o365_programs.responder_done('desk', gen_random_uuid()::text, NULL) ->> 'found')::boolean, false,
    'and by no other');
SELECT is((o365_programs.responder_done('desk', 'x'' or 1=1', NULL) ->> 'found')::boolean, false,
    'nor by what is no id');

-- F31: a repeat is one only with the same webhook.
SELECT pg_temp.begin('b1', 'c1', 'back') \g /dev/null
SELECT pg_temp.callback('b1', 'c1', 'r-0000000f3101', 'https://contoso.webhook.office.com/x/sales') \g /dev/null
SELECT is(pg_temp.callback('b1', 'c1', 'r-0000000f3102', 'https://contoso.webhook.office.com/x/sales',
    group_name => 'Renamed') ->> 'outcome', 'repeated', 'F31: the same webhook again is a repeat');
SELECT is(pg_temp.callback('b1', 'c1', 'r-0000000f3103', 'https://contoso.webhook.office.com/x/other',
    group_name => 'Other') ->> 'outcome', 'already_connected', 'F31: another webhook with the used state is none');
SELECT results_eq($$SELECT a.outcome, a.detail FROM o365.connect_attempt('r-0000000f3103') AS a$$,
    $$VALUES ('already_connected', 'it brought another webhook')$$, 'F31: connect_attempt() says so');
SELECT is(o365_programs.responder_callback_error('desk', 'r-0000000f3104', sha256('b1'), sha256('c1'),
    'AccessDenied') ->> 'outcome', 'already_connected', 'F31: nor is Deny after Allow');
SELECT is(pg_temp.callback('b1', 'c2', 'r-0000000f3105', 'https://contoso.webhook.office.com/x/other') ->> 'outcome',
    'used', 'F31: another browser is told nothing');
SELECT results_eq($$SELECT p ->> 'stands', p ->> 'group_name', p ->> 'account', p ->> 'again'
    FROM o365_programs.responder_failed('desk', 'r-0000000f3103', ARRAY[sha256('x'), sha256('c1')]) AS p$$,
    $$VALUES ('true', 'Sales', 'back', 'application')$$, 'F31: its page says what stands');
SELECT is(p ->> 'stands', NULL, 'F31: and tells nobody else')
  FROM o365_programs.responder_failed('desk', 'r-0000000f3103', ARRAY[sha256('x')]) AS p;
SELECT is((SELECT array_agg(c.group_name) FROM o365_internal.subscription AS c WHERE c.app_user = 'back'),
    ARRAY['Sales'], 'F31: one place is connected, under its own name');
SELECT o365.remove(s.subscription_id) FROM o365_internal.subscription AS s WHERE s.app_user = 'back' \g /dev/null
SELECT is(pg_temp.callback('b1', 'c1', 'r-0000000f3106', 'https://contoso.webhook.office.com/x/sales') ->> 'outcome',
    'used', 'F31: nor does what was removed come back by a repeat');

-- F43: a form pressed again from history says what stands.
SELECT o365_programs.responder_start('desk', sha256('t1'), sha256('h1'), sha256('h1'), 'r-0000000f4301') \g /dev/null
SELECT results_eq($$SELECT p ->> 'stands', p ->> 'group_name', p ->> 'account'
    FROM o365_programs.responder_failed('desk', 'r-0000000f4301', ARRAY[sha256('c')]) AS p$$,
    $$VALUES ('true', 'Sales', 'dave')$$,
    'F43: the start form pressed again shows this browser what its ticket connected');
SELECT is(p ->> 'stands', NULL, 'F43: and nothing to another')
  FROM o365_programs.responder_failed('desk', 'r-0000000f4301', ARRAY[sha256('h1')]) AS p;
SELECT results_eq($$SELECT p ->> 'stands', p ->> 'group_name'
    FROM o365_programs.responder_failed('desk', 'r-000000000031', ARRAY[sha256('c')]) AS p$$,
    $$VALUES ('true', 'Sales')$$, 'F43: so does the second attempt of one ticket');

-- F34: failures repeat themselves as well.
SELECT pg_temp.begin('e' || n, 'c1', 'err') FROM generate_series(1, 5) AS n \g /dev/null
SELECT is(o365_programs.responder_callback_error('desk', format('r-0000000f34%s%s', e.n, time),
    sha256(('e' || e.n)::bytea), sha256('c1'), e.error, e.detail) ->> 'outcome', e.outcome,
    format('F34: %s, time %s', e.error, time))
  FROM (VALUES (1, 'AccessDenied', NULL, 'denied'), (2, 'Invalid Request', NULL, 'invalid_request'),
      (3, 'ServerBusy', NULL, 'unknown_error'),
               (4, 'bad_webhook', 'the webhook names a user', 'bad_webhook')) AS e (n, error, detail, outcome),
    generate_series(1, 3) AS time ORDER BY 1;
SELECT is(a.detail, 'the same once more', 'F34: and says that it was one')
  FROM o365.connect_attempt('r-0000000f3412') AS a;
SELECT is(a.detail, 'the webhook names a user', 'F32: what was wrong with a webhook is told')
  FROM o365.connect_attempt('r-0000000f3441') AS a;
SELECT is(pg_temp.callback('e5', 'c1', format('r-0000000f345%s', time), host => 'evil.example') ->> 'outcome',
    'refused_host', 'F34: a refused host, time ' || time)
  FROM generate_series(1, 2) AS time;
SELECT is(o365_programs.responder_callback_error('desk', 'r-0000000f3460', sha256('e1'), sha256('c2'),
    'AccessDenied') ->> 'outcome', 'used', 'F34: not in another browser');
SELECT is(o365_programs.responder_callback_error('desk', 'r-0000000f3461', sha256('e1'), sha256('c1'),
    'Invalid Request') ->> 'outcome', 'used', 'F34: nor another failure');
SELECT is(pg_temp.callback('e1', 'c1', 'r-0000000f3462') ->> 'outcome', 'used', 'F34: nor a webhook after it');

-- F35: what is at fault is named.
SELECT o365_programs.responder_callback_error('desk', 'r-0000000f3501', NULL, NULL, 'malformed',
    'state occurs twice') \g /dev/null
SELECT is(a.detail, 'state occurs twice', 'F35: connect_attempt() names the parameter at fault')
  FROM o365.connect_attempt('r-0000000f3501') AS a;

-- F41.
SELECT is(o365_internal.callback_error_outcome(e.error), e.outcome, 'F41: ' || e.error) FROM (VALUES
    ('AccessDenied', 'denied'), ('access_denied', 'denied'), ('Access Denied', 'denied'), ('accessdenied', 'denied'),
    ('ACCESS-DENIED', 'denied'),
    ('Invalid Request', 'invalid_request'), ('InvalidRequest', 'invalid_request'),
    ('invalid_request', 'invalid_request'), ('invalid request', 'invalid_request'),
    ('AccessDeniedHere', 'unknown_error'), ('no access denied', 'unknown_error'),
    ('', 'unknown_error')) AS e (error, outcome);

-- F40.
SELECT is(o365_internal.label(l.value), l.label, format('F40: %s', to_json(l.value))) FROM (VALUES
    ('Sales', 'Sales'), (E'a\x1b[31mb', U&'a\FFFD[31mb'), (E'two\r\nlines\tand more', 'two lines and more'),
    (E'\x07\x7f', U&'\FFFD\FFFD'),
    (U&'\0085next\2028line', 'next line'), (U&'c1 \009b31m', U&'c1 \FFFD31m'),
    (U&'\202Eright to left', U&'\202Eright to left'),
    ('', NULL), ('   ', NULL), (E'\n\t', NULL), (U&'\200B\200D\FEFF', NULL), (U&'\202E\202C', NULL),
    (U&'\2800\3164 \00a0', NULL), (U&'\+0E0020', NULL),
    (U&'\6F22\5B57 Ünï \+01F469\200D\+01F467', U&'\6F22\5B57 Ünï \+01F469\200D\+01F467'),
    (NULL, NULL)) AS l (value, label);
SELECT pg_temp.begin('l1', 'c1', 'label') \g /dev/null
SELECT pg_temp.callback('l1', 'c1', 'r-0000000f4001', 'https://contoso.webhook.office.com/x/label',
    group_name => E'Sa\x1bles\r\n') \g /dev/null
SELECT is(s.group_name, U&'Sa\FFFDles', 'F40: a group is stored under its label') FROM o365_internal.subscription AS s
 WHERE s.app_user = 'label';
SELECT pg_temp.begin('l2', 'c1', 'label') \g /dev/null
SELECT pg_temp.callback('l2', 'c1', 'r-0000000f4002', 'https://contoso.webhook.office.com/x/label',
    group_name => U&'\200B') \g /dev/null
SELECT is(s.group_name, NULL, 'F40: renewed under none, it has none') FROM o365_internal.subscription AS s
 WHERE s.app_user = 'label';
SELECT pg_temp.begin('l3', 'c1', 'label') \g /dev/null
SELECT o365_programs.responder_callback_error('desk', 'r-0000000f4003', sha256('l3'), sha256('c1'),
    E'Busy\x1b]0;x') \g /dev/null
SELECT is(a.detail, U&'Busy\FFFD]0;x', 'F40: nor does an error carry a control character to a terminal')
  FROM o365.connect_attempt('r-0000000f4003') AS a;

-- F39.
SELECT is(o365_internal.is_https_url(u.url), false, 'F39: no page of a browser: ' || to_json(u.url)) FROM (VALUES
    (E'https://app.example.org/back?x=\x01y'), (E'https://app.example.org/back?x=\x7f'),
    (E'https://app.example.org/\x1b'), (E'https://app.example.org/\n'),
    (E'https://app.example.org/ x'), ('https://2130706433'), ('https://0x7f.1'), ('https://0x7f000001/'),
    ('https://08'), ('https://127.1'),
    ('https://256.0.0.1'), ('https://1.2.3.4.5'), ('https://01.2.3.4'), ('https://app.example.org1.00/'),
    ('https://app.example.1'),
    ('https://app.example.org:65536/'), ('https://app.example.org:99999/'), ('https://app.example.org:0/'),
    ('https://app.example.org:0'), ('https://10.0.0.7:00000/x'), ('https://app.example.org:065536/'), ('https://[::1'),
    ('https://u@app.example.org/'), ('https://app.example.org./')) AS u (url);
SELECT is(o365_internal.is_https_url(u.url), true, 'F39: a page: ' || u.url) FROM (VALUES
    ('https://app.example.org'), ('https://App.example.org:8443/a?b=c#d'), ('https://intranet/x'),
    ('https://10.0.0.7/x'), ('https://3com.example.org/'),
    ('https://app.example.org:65535/'), ('https://app.example.org:1'), ('https://app.example.org:60000/'),
    ('https://app.example.org:10000?x'), ('https://app.example.org:0443/'),
    (U&'https://app.example.org/\00fc?\+01F600=\0085')) AS u (url);
SELECT is(o365_internal.is_loopback_url(u.url), u.ok, 'F39: loopback: ' || to_json(u.url)) FROM (VALUES
    ('http://localhost:3000/callback', true), ('http://127.0.0.1/', true), ('http://127.1.2.3:65535/x', true),
    ('http://[::1]:8080/', true),
    ('http://127.0.0.256/', false), ('http://127.0.0.08/', false), ('http://localhost:65536/', false),
    ('http://localhost:0/', false),
    ('http://[::1]:000', false), (E'http://localhost/\x01', false),
    (E'http://localhost/\x7f', false), ('http://127.0.0.1.example.org/', false)) AS u (url, ok);
SET LOCAL SESSION AUTHORIZATION shop;
SELECT throws_ok(format('SELECT o365.begin_connect(''desk'', ''u'', %L)', E'https://app.example.org/back?x=\x01y'),
    '22023', 'return_url is no https URL', 'F39: no user is led there');
RESET SESSION AUTHORIZATION;

-- F42: a cookie that comes to our own page and did not come to the callback.
SELECT pg_temp.begin('k1', 'k1', 'strict') \g /dev/null
SELECT pg_temp.callback('k1', NULL, 'r-0000000f4201') \g /dev/null
SELECT is(o365_programs.responder_failed('desk', 'r-0000000f4201', NULL, true) ->> 'strict_cookie', 'false',
    'F42: a browser without cookies is none');
SELECT is(o365_programs.responder_failed('desk', 'r-0000000f4201', ARRAY[sha256('k1')], false) ->> 'strict_cookie',
    NULL, 'F42: nor is one that found the page by another way');
SELECT is((SELECT a.outcome FROM o365.connect_attempt('r-0000000f4201') AS a), 'no_cookie',
    'F42: both leave it as it was');
SELECT is(o365_programs.responder_failed('desk', 'r-0000000f4201', ARRAY[sha256('k1')], true) ->> 'strict_cookie',
    'true', 'F42: one that keeps it back is found');
SELECT results_eq($$SELECT a.outcome, a.next_step ~ 'proxy_cookie_flags' FROM o365.connect_attempt(
    'r-0000000f4201') AS a$$, $$VALUES ('strict_cookie', true)$$, 'F42: connect_attempt() says where to look');
SELECT is(o365_programs.responder_failed('desk', 'r-0000000f3101', ARRAY[sha256('c1')], true) ->> 'strict_cookie',
    'false', 'F42: no other outcome is touched');
SELECT results_eq($$SELECT h.severity, h.object, h.problem, h.next_step ~ 'proxy_cookie_flags', h.since, h."count",
    h.example FROM o365.health() AS h
                     WHERE h.code = 'strict_cookies'$$,
    $$SELECT 'warning', 'connector desk',
        '1 attempt to connect ended as strict_cookie in the last 24 hours, the last at ' || to_char(now(),
            'YYYY-MM-DD HH24:MI')
             || ': browsers do not send our cookie when they return from Microsoft''s page', true, now(), 1::bigint,
             'attempt r-0000000f4201'$$, 'F42: health() tells it, with the attempt''s own next step');
UPDATE o365_internal.connect_attempt SET started_at = now() - interval '25 hours' WHERE request_id = 'r-0000000f4201';
SELECT is_empty($$SELECT * FROM o365.health() AS h WHERE h.code = 'strict_cookies'$$, 'F42: for a day');

-- F43: a registration that cannot work is told.
SELECT is(o365_internal.leads_back(c.url, 'https://app.example.org/mount'), c.back, 'F43: ' || c.url) FROM (VALUES
    ('https://app.example.org/mount/connect/desk/callback', true),
    ('https://App.example.org/connect/desk/callback/', true),
    ('https://other.example.org/connect/desk/callback', false),
    ('https://app.example.org:8443/connect/desk/callback', false),
    ('https://app.example.org/Connector/Register', false),
    ('https://app.example.org/connect/desk/', false)) AS c (url, back);
SELECT lives_ok($$SET LOCAL client_min_messages = error;
    SELECT o365.register_connector('elsewhere', 'Name', pg_temp.logo(), 'short', 'long', 'https://contoso.example',
    ARRAY['one'], 'https://other.example/Connector/Register')$$,
    'F43: one that does not is registered with a warning, for something there may pass it on');

-- F30: one place, new address.
CREATE FUNCTION pg_temp.bring(app_user text, request text, webhook text, group_name text DEFAULT 'Sales',
    ticket_renews bigint DEFAULT NULL) RETURNS text
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_temp.begin(request, 'c1', app_user);
    UPDATE o365_internal.connect_attempt AS a SET renews = ticket_renews WHERE a.state_hash = sha256(request::bytea);
    RETURN pg_temp.callback(request, 'c1', request, 'https://contoso.webhook.office.com/x/' || webhook,
        group_name => group_name) ->> 'outcome';
END $$;
CREATE FUNCTION pg_temp.answer(request text, own text, confirmed boolean, replace boolean) RETURNS text
    LANGUAGE sql AS $$
    SELECT o365_programs.responder_confirm('desk', (SELECT a.public_id::text FROM o365_internal.connect_attempt AS a
        WHERE a.request_id = request AND a.of_attempt IS NULL), sha256('c1'), own, confirmed, replace) ->> 'outcome' $$;
CREATE FUNCTION pg_temp.page(request text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT o365_programs.responder_done('desk', (SELECT a.public_id::text FROM o365_internal.connect_attempt AS a
        WHERE a.request_id = request AND a.of_attempt IS NULL), ARRAY[sha256('c1')]) $$;
CREATE FUNCTION pg_temp.opened(id bigint) RETURNS text LANGUAGE sql AS $$
    SELECT (o365_internal.pgp_pub_decrypt(s.sealed,
        o365_internal.dearmor(current_setting('test.secret_key')))::jsonb ->> 'webhook') || ' of '
           || (o365_internal.pgp_pub_decrypt(s.sealed,
               o365_internal.dearmor(current_setting('test.secret_key')))::jsonb ->> 'id')
      FROM o365_internal.subscription AS s WHERE s.subscription_id = id $$;
SELECT set_config('test.secret_key', :'secret_key', false) \g /dev/null
SELECT is(pg_temp.bring('mia', 'r-0000000f3001', 'old'), 'connected', 'F30: a place is connected');
SELECT s.subscription_id AS mia FROM o365_internal.subscription AS s WHERE s.app_user = 'mia' \gset
SELECT is(pg_temp.bring('mia', 'r-0000000f3002', 'old'), 'connected', 'F30: the identical webhook again');
SELECT results_eq($$SELECT pg_temp.page('r-0000000f3002') ->> 'renewal', a.detail FROM o365.connect_attempt(
    'r-0000000f3002') AS a$$, $$VALUES ('unchanged', 'unchanged')$$, 'F30: is said to be unchanged');
SELECT is(pg_temp.bring('mia', 'r-0000000f3003', 'other', 'Engineering'), 'connected',
    'F30: another place asks nothing');
SELECT is(pg_temp.bring('mia', 'r-0000000f3004', 'new'), 'pending',
    'F30: another webhook for the same place is asked about');
SELECT results_eq($$SELECT p ->> 'replaces', p ->> 'may_keep_both' FROM pg_temp.page('r-0000000f3004') AS p$$,
    $$VALUES ('true', 'true')$$, 'F30: its page offers to replace or to keep both');
SELECT is(pg_temp.page('r-0000000f3004') - 'replaces' - 'may_keep_both' ->> 'cookie', '1',
    'F30: to the browser that connected');
-- Suspended, with a card that waits.
SET LOCAL SESSION AUTHORIZATION shop;
SELECT o365.send(:mia, '{"text": "waits for the new address"}') \g /dev/null
RESET SESSION AUTHORIZATION;
UPDATE o365_internal.subscription SET in_doubt_policy = 'skip' WHERE subscription_id = :mia;
SELECT o365_internal.hold(:mia, 'suspended', 'Microsoft wants a new address: connect again') \g /dev/null
SELECT is(pg_temp.answer('r-0000000f3004', 'r-0000000f3005', true, true), 'connected', 'F30: replaced');
SELECT results_eq(
    format('SELECT s.status, s.in_doubt_policy, s.renewed_at IS NOT NULL, pg_temp.opened(s.subscription_id) '
           'FROM o365_internal.subscription AS s WHERE s.subscription_id = %s', :mia),
    format($$VALUES ('active', 'skip', true, 'https://contoso.webhook.office.com/x/new of %s')$$, :mia),
    'F30: number and settings stay, the webhook is the new one, under its name');
SELECT results_eq(format('SELECT l.why, l.next_at <= now() FROM o365_internal.lane AS l WHERE l.subscription_id = %s',
    :mia), 'VALUES (NULL::text, true)', 'F30: the queue is awake');
SELECT is((SELECT count(*) FROM o365_internal.outbox AS o WHERE o.subscription_id = :mia), 1::bigint,
    'F30: and has its card');
SELECT results_eq($$SELECT s.status, s.sealed IS NULL AND s.replacement IS NULL AND s.webhook_index IS NULL
    FROM o365_internal.subscription AS s
    WHERE s.app_user = 'mia' AND s.status_reason ~ '^its webhook replaced'$$, $$VALUES ('removed', true)$$,
    'F30: nothing secret of the new one stays');
SELECT results_eq($$SELECT p ->> 'renewal', p ->> 'outcome' FROM pg_temp.page('r-0000000f3004') AS p$$,
    $$VALUES ('replaced', 'connected')$$, 'F30: its page says so');
SELECT is(pg_temp.callback('r-0000000f3004', 'c1', 'r-0000000f3006',
    'https://contoso.webhook.office.com/x/new') ->> 'outcome', 'repeated', 'F30: the same callback again repeats it');
SELECT is(pg_temp.answer('r-0000000f3004', 'r-0000000f3007', true, true), 'repeated', 'F30: so does the answer');
SELECT is(pg_temp.bring('mia', 'r-0000000f3008', 'third'), 'pending', 'F30: a third one');
SELECT is(pg_temp.answer('r-0000000f3008', 'r-0000000f3009', true, false), 'connected', 'F30: may stand beside it');
SELECT is((SELECT count(*) FROM o365_internal.subscription AS s WHERE s.app_user = 'mia' AND s.status = 'active'),
    3::bigint, 'F30: then there are both');
SELECT is((SELECT count(*) FROM o365_internal.subscription AS s WHERE s.replacement IS NOT NULL
    OR s.replaces IS NOT NULL AND s.status = 'active'), 0::bigint, 'F30: and nothing is left of the question');
SELECT is(pg_temp.bring('mia', 'r-0000000f3010', 'fourth'), 'pending', 'F30: a fourth one');
SELECT is(pg_temp.answer('r-0000000f3010', 'r-0000000f3011', false, false), 'discarded', 'F30: may be forgotten');
SELECT is(pg_temp.opened(:mia), format('https://contoso.webhook.office.com/x/new of %s', :mia),
    'F30: which changes nothing');
-- By the application.
SELECT o365.pause(:mia) \g /dev/null
SELECT is(pg_temp.bring('mia', 'r-0000000f3012', 'fifth', 'Renamed', :mia), 'connected',
    'F30: a ticket that renews asks nothing');
SELECT results_eq(format('SELECT s.status, s.group_name, pg_temp.opened(s.subscription_id) '
                         'FROM o365_internal.subscription AS s WHERE s.subscription_id = %s', :mia),
    format($$VALUES ('paused', 'Renamed', 'https://contoso.webhook.office.com/x/fifth of %s')$$, :mia),
    'F30: a person''s pause stays, name and webhook are new');
SELECT is(pg_temp.bring('mia', 'r-0000000f3013', 'fifth', 'Renamed', :mia), 'connected', 'F30: again with the same');
SELECT is(pg_temp.page('r-0000000f3013') ->> 'renewal', 'unchanged', 'F30: unchanged');
SELECT is(pg_temp.bring('mia', 'r-0000000f3014', 'other', 'Engineering', :mia), 'connected',
    'F30: a webhook that is another subscription''s');
SELECT is(pg_temp.opened(:mia), format('https://contoso.webhook.office.com/x/fifth of %s', :mia),
    'F30: renews that one');
UPDATE o365_internal.lane SET next_at = now() + interval '1 day', failures = 9 WHERE subscription_id = :mia;
SELECT o365.resume(:mia) \g /dev/null
UPDATE o365_internal.lane SET next_at = now() + interval '1 day', failures = 9 WHERE subscription_id = :mia;
SELECT pg_temp.bring('mia', 'r-0000000f3015', 'sixth', 'Renamed', :mia) \g /dev/null
SELECT results_eq(
    format('SELECT l.failures, l.next_at <= now() FROM o365_internal.lane AS l WHERE l.subscription_id = %s', :mia),
    'VALUES (0, true)', 'F30: an active one that was failing tries the new address at once');
UPDATE o365_internal.subscription SET status = 'gone' WHERE subscription_id = :mia;
SELECT pg_temp.bring('mia', 'r-0000000f3016', 'seventh', 'Renamed', :mia) \g /dev/null
SELECT is(s.status, 'active', 'F30: one that was gone is back') FROM o365_internal.subscription AS s
 WHERE s.subscription_id = :mia;
UPDATE o365_internal.connector SET confirm = true WHERE slug = 'desk';
SELECT is(pg_temp.bring('mia', 'r-0000000f3017', 'eighth', 'Renamed', :mia), 'pending',
    'F30: a connector that wants it confirms a new address too');
SELECT results_eq($$SELECT p ->> 'replaces', p ->> 'may_keep_both' FROM pg_temp.page('r-0000000f3017') AS p$$,
    $$VALUES ('true', 'false')$$, 'F30: there is nothing to keep both of');
SELECT is(pg_temp.answer('r-0000000f3017', 'r-0000000f3018', true, false), 'connected', 'F30: yes');
SELECT is(pg_temp.opened(:mia), format('https://contoso.webhook.office.com/x/eighth of %s', :mia), 'F30: replaces it');
UPDATE o365_internal.connector SET confirm = false WHERE slug = 'desk';
SELECT is(pg_temp.bring('noah', 'r-0000000f3020', 'n1', NULL), 'connected', 'F30: of places without a name');
SELECT is(pg_temp.bring('noah', 'r-0000000f3021', 'n2', NULL), 'connected',
    'F30: nobody knows whether they are the same');
UPDATE o365_internal.subscription SET app_type = 'mail', app_type_normalised = 'mail' WHERE app_user = 'noah';
SELECT is(o365_internal.same_place((SELECT c.connector_id FROM o365_internal.connector AS c WHERE c.slug = 'desk'),
    'noah', 'mail', NULL) IS NOT NULL, true, 'F30: but a user has one inbox');
SELECT is(pg_temp.bring('mia', 'r-0000000f3022', 'ninth', 'Renamed'), 'pending', 'F30: one that may replace');
SELECT o365.remove(:mia) \g /dev/null
SELECT is(pg_temp.page('r-0000000f3022') ->> 'replaces', NULL, 'F30: has nothing to replace once that was removed');
SELECT is(pg_temp.answer('r-0000000f3022', 'r-0000000f3023', true, true), 'connected',
    'F30: and is connected by itself');
SELECT is(pg_temp.bring('mia', 'r-0000000f3024', 'tenth', 'Renamed', :mia), 'pending',
    'F30: a ticket for what was removed meanwhile finds the place by its name');
SET LOCAL SESSION AUTHORIZATION shop;
SELECT matches(o365.begin_connect('desk', 'bob', renew => (SELECT c.subscription_id FROM o365.connections('bob') AS c
    LIMIT 1)), 'ticket=', 'F30: begin_connect takes a subscription to renew');
SELECT throws_ok(format('SELECT o365.begin_connect(''desk'', %L, renew => %s)', u.name, u.id), '42704', NULL,
    'F30: not ' || u.what) FROM (VALUES
    ('bob', 0, 'one that does not exist'), ('mia', (SELECT c.subscription_id FROM o365.connections('bob') AS c LIMIT 1),
        'another user''s')) AS u (name, id, what);
SELECT throws_ok(format('SELECT o365.begin_connect(''desk'', ''mia'', renew => %s)', :mia), '42704', NULL,
    'F30: not a removed one');
RESET SESSION AUTHORIZATION;
SELECT is((SELECT t.renews IS NOT NULL FROM o365_internal.ticket AS t WHERE t.app_user = 'bob'
    ORDER BY t.created_at DESC, t.renews LIMIT 1), true, 'F30: its ticket knows which');

-- Without a key nobody connects, and nothing is lost: the state stays open.
UPDATE o365_internal.sealing_key SET active = false;
SELECT pg_temp.begin('s13', 'c1', 'eve') \g /dev/null
SELECT throws_ok($$SELECT pg_temp.callback('s13', 'c1', 'r-000000000040')$$, '55000',
    'there is no key to seal webhooks under', 'without a key a callback fails');
UPDATE o365_internal.sealing_key SET active = true;
SELECT is(pg_temp.callback('s13', 'c1', 'r-000000000041') ->> 'outcome', 'connected',
    'and goes through once there is one');

-- Callbacks of nobody's attempt fill no table, and their page says what it would.
SELECT count(pg_temp.callback('a guess', 'c', 'r-0000001' || lpad(n::text, 5, '0')))
  FROM generate_series(1, 100) AS n \g /dev/null
SELECT is((SELECT count(*) BETWEEN 1 AND 60 FROM o365_internal.connect_attempt AS a
    WHERE a.request_id LIKE 'r-0000001%'), true, 'of callbacks that are refused sixty a minute are written down');
SELECT is(pg_temp.callback('a guess', 'c', 'r-000000100101') ->> 'outcome', 'no_state',
    'the others are answered as those');
SELECT is(pg_temp.callback('a guess', 'c', 'r-000000100102', slug => 'nothing') ->> 'found', 'false',
    'also where there is no connector');
SELECT is(o365_programs.responder_callback_error('desk', 'r-000000100103', NULL, NULL, 'no_parameters') ->> 'outcome',
    'no_parameters', 'and an empty callback');
SELECT is((SELECT count(*) FROM o365_internal.connect_attempt AS a WHERE a.request_id IN ('r-000000100101',
    'r-000000100103')), 0::bigint, 'of which nothing is left');

SELECT * FROM finish();
ROLLBACK;
