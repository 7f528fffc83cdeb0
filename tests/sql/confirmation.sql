-- Connections that wait to be confirmed, callbacks without a state of ours, and trying again after a failure.
\ir fixtures/setup.sql
BEGIN;
SELECT no_plan();

CREATE FUNCTION pg_temp.register(slug text, confirm boolean, require_state boolean,
    allow_anonymous boolean DEFAULT false) RETURNS void LANGUAGE sql AS $$
    SELECT o365.register_connector(slug, 'Name', pg_temp.logo(), 'short', 'long', 'https://contoso.example',
        ARRAY['one'], confirm => confirm,
        require_state => require_state, allow_anonymous => allow_anonymous), o365.grant_application('shop', slug) $$;
CREATE FUNCTION pg_temp.bring(slug text, state text, cookie text, request_id text, webhook text,
    fresh text DEFAULT NULL, others text[] DEFAULT NULL)
RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO o365_programs.callback (slug, request_id, state_hash, cookie_hash, webhook_host, webhook_port,
        webhook_url, user_object_id, app_type, group_name, fresh_cookie_hash, cookie_hashes)
        VALUES (slug, request_id, sha256(state::bytea), sha256(cookie::bytea), 'contoso.webhook.office.com', '443',
            'https://contoso.webhook.office.com/webhookb2/' || webhook, 'object-1', 'Groups', 'Sales',
            sha256(fresh::bytea), (SELECT array_agg(sha256(o::bytea)) FROM unnest(others) AS o)::text);
    RETURN o365_programs.responder_callback_outcome(request_id);
END $$;
CREATE FUNCTION pg_temp.id_of(request text) RETURNS text LANGUAGE sql AS $$
    SELECT a.public_id::text FROM o365_internal.connect_attempt AS a WHERE a.request_id = request $$;
CREATE FUNCTION pg_temp.subscription_of(request text) RETURNS o365_internal.subscription LANGUAGE sql AS $$
    SELECT s FROM o365_internal.connect_attempt AS a JOIN o365_internal.subscription AS s
        ON s.subscription_id = a.subscription_id
     WHERE a.request_id = request AND a.of_attempt IS NULL $$;
CREATE FUNCTION pg_temp.confirm(slug text, request text, cookie text, own_request text, yes boolean DEFAULT true)
    RETURNS text LANGUAGE sql AS $$
    SELECT o365_programs.responder_confirm(slug, pg_temp.id_of(request), sha256(cookie::bytea), own_request,
        yes) ->> 'outcome' $$;
CREATE FUNCTION pg_temp.outcome(request text) RETURNS text LANGUAGE sql AS $$
    SELECT a.outcome FROM o365.connect_attempt(request) AS a $$;

-- The registration.
SELECT results_eq($$SELECT require_state, confirm FROM o365.connectors WHERE slug = 'desk'$$, $$VALUES (true, false)$$,
    'a state is required and nothing is asked unless registered so');
SELECT pg_temp.register('asks', true, true), pg_temp.register('plain', false, false) \g /dev/null
SELECT results_eq($$SELECT require_state, confirm FROM o365.connectors WHERE slug IN ('asks', 'plain') ORDER BY slug$$,
    $$VALUES (true, true), (false, false)$$, 'o365.connectors shows both policies');

-- Confirm on.
SELECT pg_temp.begin('a1', 'c1', 'ann', 'asks') \g /dev/null
SELECT is(pg_temp.bring('asks', 'a1', 'c1', 'r-00000000c001', 'a1') - 'location',
    '{"found": true, "outcome": "pending", "cookie": "own", "max_age": 3600}'::jsonb,
    'with confirm on a callback is stored as pending, and its own cookie lives until it can be confirmed no more');
SELECT is((pg_temp.subscription_of('r-00000000c001')).status, 'pending', 'the subscription is pending');
SELECT is((SELECT l.why FROM o365_internal.lane AS l WHERE l.subscription_id
    = (pg_temp.subscription_of('r-00000000c001')).subscription_id), 'pause', 'its lane is held');
SELECT isnt((pg_temp.subscription_of('r-00000000c001')).sealed, NULL, 'and its webhook sealed');
SELECT is(pg_temp.outcome('r-00000000c001'), 'pending', 'connect_attempt() says that it waits');
SET LOCAL SESSION AUTHORIZATION shop;
SELECT o365.send(c.subscription_id, '{"text": "waits"}') FROM o365.connections('ann') AS c \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT o365_internal.feed_again() \g /dev/null
SELECT is((SELECT l.next_at FROM o365_internal.lane AS l WHERE l.subscription_id
    = (pg_temp.subscription_of('r-00000000c001')).subscription_id), NULL, 'a card for it waits: no worker is due');
SELECT throws_ok(format('SELECT o365.%s(%s)', f, (pg_temp.subscription_of('r-00000000c001')).subscription_id), '55000',
    NULL, f || ' does not confirm it') FROM unnest(ARRAY['pause', 'resume']) AS f;
SELECT is(o365_programs.responder_done('asks', pg_temp.id_of('r-00000000c001'),
    ARRAY[sha256('x'), sha256('c1')]) ->> 'cookie', '2', 'its page knows the browser by its cookie');
SELECT is(o365_programs.responder_done('asks', pg_temp.id_of('r-00000000c001'), ARRAY[sha256('x')]) -> 'account', NULL,
    'and tells another one nothing about it');
SELECT is(pg_temp.bring('asks', 'a1', 'c1', 'r-00000000c002', 'a1') ->> 'outcome', 'repeated',
    'the same callback again in the same browser asks again');
SELECT is(pg_temp.bring('asks', 'a1', 'c2', 'r-00000000c003', 'a1') ->> 'outcome', 'used', 'and in another does not');
SELECT is(pg_temp.confirm('asks', 'r-00000000c001', NULL, 'r-00000000c004'), 'no_cookie',
    'nobody confirms without the cookie');
SELECT is(pg_temp.confirm('asks', 'r-00000000c001', 'c2', 'r-00000000c005'), 'other_browser', 'nor with another');
SELECT is(pg_temp.confirm('asks', 'r-00000000c001', 'c2', 'r-00000000c006', false), 'other_browser', 'nor says no');
SELECT is(array_agg(a.outcome || ' ' || a.detail ORDER BY a.attempt_id), ARRAY['no_cookie on confirming',
    'other_browser on confirming', 'other_browser on confirming'], 'each is written down')
  FROM unnest(ARRAY['r-00000000c004', 'r-00000000c005', 'r-00000000c006']) AS r, o365.connect_attempt(r) AS a;
SELECT is((o365_programs.responder_confirm('desk', pg_temp.id_of('r-00000000c001'), sha256('c1'), 'r-0',
    true) ->> 'found')::boolean, false, 'nor by another connector''s page');
SELECT is((pg_temp.subscription_of('r-00000000c001')).status, 'pending', 'it still waits');
SELECT is(pg_temp.confirm('asks', 'r-00000000c001', 'c1', 'r-00000000c007'), 'connected',
    'the browser that connected confirms');
SELECT is((pg_temp.subscription_of('r-00000000c001')).status, 'active', 'and the subscription is active');
SELECT isnt((SELECT l.next_at FROM o365_internal.lane AS l
    WHERE l.subscription_id = (pg_temp.subscription_of('r-00000000c001')).subscription_id), NULL, 'its lane is due');
SELECT is(pg_temp.outcome('r-00000000c001'), 'connected', 'connect_attempt() says so');
SELECT is(pg_temp.confirm('asks', 'r-00000000c001', 'c1', 'r-00000000c008'), 'repeated',
    'yes a second time changes nothing');
SELECT is(pg_temp.confirm('asks', 'r-00000000c001', 'c1', 'r-00000000c009', false), 'repeated',
    'nor does no afterwards: removing is another matter');
SELECT is((pg_temp.subscription_of('r-00000000c001')).status, 'active', 'it stays active');

-- Renewal: what posts there already need not be confirmed again, what was never confirmed does.
SELECT pg_temp.begin('a2', 'c1', 'ann', 'asks') \g /dev/null
SELECT is(pg_temp.bring('asks', 'a2', 'c1', 'r-00000000c010', 'a1') ->> 'outcome', 'connected',
    'renewing a confirmed webhook asks nothing');
SELECT pg_temp.begin('a3', 'c1', 'bob', 'asks'), pg_temp.begin('a4', 'c2', 'bob', 'asks') \g /dev/null
SELECT pg_temp.bring('asks', 'a3', 'c1', 'r-00000000c011', 'b') \g /dev/null
SELECT is(pg_temp.bring('asks', 'a4', 'c2', 'r-00000000c012', 'b') ->> 'outcome', 'pending',
    'the webhook of one that waits, brought again, still waits');
SELECT is((SELECT count(*) FROM o365_internal.subscription AS s WHERE s.app_user = 'bob'), 1::bigint,
    'as one subscription');
SELECT is(pg_temp.confirm('asks', 'r-00000000c012', 'c2', 'r-00000000c013'), 'connected',
    'confirming either of the two is enough');
SELECT is(pg_temp.outcome('r-00000000c011'), 'connected', 'for both');
SELECT pg_temp.register('asks', false, true), pg_temp.begin('a5', 'c1', 'cid', 'asks') \g /dev/null
SELECT pg_temp.register('asks', true, true) \g /dev/null
SELECT pg_temp.bring('asks', 'a5', 'c1', 'r-00000000c014', 'c') \g /dev/null
SELECT pg_temp.register('asks', false, true), pg_temp.begin('a6', 'c1', 'cid', 'asks') \g /dev/null
SELECT is(pg_temp.bring('asks', 'a6', 'c1', 'r-00000000c015', 'c') ->> 'outcome', 'connected',
    'once the connector does not ask any more, a renewal makes what waited active');
SELECT is((pg_temp.subscription_of('r-00000000c014')).status, 'active', 'it is active');
SELECT pg_temp.register('asks', true, true) \g /dev/null

-- No.
SELECT pg_temp.begin('a7', 'c1', 'dan', 'asks') \g /dev/null
SELECT pg_temp.bring('asks', 'a7', 'c1', 'r-00000000c020', 'd') \g /dev/null
SELECT isnt((SELECT t.used_at FROM o365_internal.ticket AS t WHERE t.app_user = 'dan'), NULL,
    'what waits has used its ticket');
SELECT is(pg_temp.confirm('asks', 'r-00000000c020', 'c1', 'r-00000000c021', false), 'discarded', 'no is possible');
SELECT is((s).status || ((s).sealed IS NULL)::text || ((s).webhook_index IS NULL)::text, 'removedtruetrue',
    'and wipes the webhook at once') FROM pg_temp.subscription_of('r-00000000c020') AS s;
SELECT is((SELECT t.used_at FROM o365_internal.ticket AS t WHERE t.app_user = 'dan'), NULL, 'its ticket serves again');
SELECT is(pg_temp.outcome('r-00000000c020'), 'discarded', 'connect_attempt() says so');
SELECT is(pg_temp.confirm('asks', 'r-00000000c020', 'c1', 'r-00000000c022'), 'used', 'yes comes too late');
SELECT is(o365_programs.responder_failed('asks', 'r-00000000c020', ARRAY[sha256('c1')]) ->> 'again', 'ticket',
    'but the page offers to try again');

-- Time.
SELECT pg_temp.begin('a8', 'c1', 'eve', 'asks'), pg_temp.begin('a9', 'c1', 'fay', 'asks') \g /dev/null
SELECT pg_temp.bring('asks', 'a8', 'c1', 'r-00000000c030', 'e'), pg_temp.bring('asks', 'a9', 'c1', 'r-00000000c031',
    'f') \g /dev/null
UPDATE o365_internal.subscription SET status_at = now() - interval '61 minutes' WHERE app_user = 'eve';
SELECT is(pg_temp.outcome('r-00000000c030'), 'unconfirmed', 'after confirm_minutes it can be confirmed no more');
SELECT is(pg_temp.confirm('asks', 'r-00000000c030', 'c1', 'r-00000000c032'), 'unconfirmed', 'even before it was swept');
SELECT matches(o365_programs.worker_chores(1), 'removed 1 connection that nobody confirmed', 'the chores sweep it');
SELECT is((s).status || ' ' || (s).status_reason || ((s).sealed IS NULL)::text || ((s).user_index IS NULL)::text,
    'removed was not confirmed in timetruetrue', 'with its secrets wiped')
  FROM pg_temp.subscription_of('r-00000000c030') AS s;
SELECT is((pg_temp.subscription_of('r-00000000c031')).status, 'pending', 'and leave alone what has time');
SELECT is(o365_programs.responder_done('asks', pg_temp.id_of('r-00000000c030'), ARRAY[sha256('c1')]) ->> 'outcome',
    'unconfirmed', 'its page says so');
SELECT o365.remove((pg_temp.subscription_of('r-00000000c031')).subscription_id) \g /dev/null
SELECT is(pg_temp.outcome('r-00000000c031'), 'unconfirmed', 'one that an operator removed cannot be confirmed either');

-- Require-state off.
SELECT is(pg_temp.bring('plain', 'myAppsState', NULL, 'r-00000000c040', 'p', 'f1') ->> 'cookie', 'fresh',
    'where no state is required, a fixed one is taken and bound to a fresh cookie');
SELECT is((s).status || coalesce((s).app_user, '-'), 'pending-', 'it waits, and names no account')
  FROM pg_temp.subscription_of('r-00000000c040') AS s;
SELECT is(pg_temp.bring('plain', 'myAppsState', NULL, 'r-00000000c041', 'p', 'f2', ARRAY['z', 'f1']) ->> 'outcome',
    'repeated', 'the same webhook again in the same browser is a repeat');
SELECT is(pg_temp.bring('plain', 'myAppsState', NULL, 'r-00000000c042', 'p', 'f3', ARRAY['z']) ->> 'outcome', 'pending',
    'in another it is a connection of its own');
SELECT is(pg_temp.bring('plain', NULL, NULL, 'r-00000000c043', 'q', 'f4') ->> 'outcome', 'pending',
    'no state at all is as good');
SELECT is(pg_temp.confirm('plain', 'r-00000000c040', 'f2', 'r-00000000c044'), 'other_browser',
    'only the cookie that was handed out for it confirms');
SELECT is(pg_temp.confirm('plain', 'r-00000000c040', 'f1', 'r-00000000c045'), 'connected', 'as it does here');
SELECT is(o365_programs.responder_callback_error('plain', 'r-00000000c046', sha256('myAppsState'), NULL,
    'AccessDenied') ->> 'outcome', 'denied', 'Deny is Deny');
SELECT is(pg_temp.bring('plain', 'x', NULL, 'r-00000000c047', 'r', NULL) ->> 'outcome', 'pending',
    'a responder that hands out no cookie stores it as well');
SELECT is(pg_temp.confirm('plain', 'r-00000000c047', NULL, 'r-00000000c048'), 'no_cookie', 'but nobody can confirm it');
SELECT pg_temp.begin('p1', 'c1', 'gil', 'plain') \g /dev/null
SELECT is(pg_temp.bring('plain', 'p1', NULL, 'r-00000000c050', 's', 'f5') ->> 'outcome', 'no_cookie',
    'a state of ours is held to its rules even there');
SELECT is(pg_temp.bring('plain', 'p1', 'c1', 'r-00000000c051', 's', 'f5') ->> 'outcome', 'connected',
    'and connects without a question');
SELECT is(pg_temp.bring('desk', 'myAppsState', NULL, 'r-00000000c052', 't', 'f6') ->> 'outcome', 'no_state',
    'where a state is required, a fixed one is refused');
SELECT is(pg_temp.callback('y', NULL, 'r-00000000c053', slug => 'plain', host => 'evil.example') ->> 'outcome',
    'refused_host', 'a webhook elsewhere is refused as ever');
SELECT is((SELECT count(*) FROM o365_internal.connect_attempt AS a WHERE a.outcome IS NULL AND a.state_hash IS NULL),
    0::bigint, 'no attempt without a state stays open');

-- Trying again: the ticket of an attempt serves the browser that began it, named by the request id of its failure page.
SELECT pg_temp.begin('t1', 'c1', 'hal') \g /dev/null
SELECT o365_programs.responder_callback_error('desk', 'r-00000000c060', sha256('t1'), sha256('c1'),
    'AccessDenied') \g /dev/null
SELECT results_eq($$SELECT p ->> 'again', p ->> 'account'
    FROM o365_programs.responder_failed('desk', 'r-00000000c060', ARRAY[sha256('x'), sha256('c1')]) AS p$$,
    $$VALUES ('ticket', 'hal')$$, 'its page names the account and offers its ticket');
SELECT results_eq($$SELECT p ->> 'again', p ->> 'account' FROM o365_programs.responder_failed('desk', 'r-00000000c060',
    ARRAY[sha256('x')]) AS p$$, $$VALUES ('application', NULL)$$, 'to another browser it says neither');
SELECT results_eq($$SELECT p ->> 'again', p ->> 'account' FROM o365_programs.responder_failed('desk', 'r-00000000c060',
    NULL) AS p$$, $$VALUES ('application', NULL)$$, 'nor to one without cookies');
SELECT pg_temp.callback('t1', 'c1', 'r-00000000c061') \g /dev/null
SELECT is(o365_programs.responder_failed('desk', 'r-00000000c061', ARRAY[sha256('c1')]) ->> 'again', 'ticket',
    'a used state of the same browser leads to the same ticket');
SELECT is((o365_programs.responder_start('desk', NULL, sha256('t2'), sha256('c2'), 'r-00000000c062', 'r-00000000c060',
    ARRAY[sha256('c9')]) ->> 'started')::boolean, false, 'another browser starts nothing with it');
SELECT is((SELECT a.outcome || ': ' || a.detail FROM o365.connect_attempt('r-00000000c062') AS a),
    'ticket: there was none', 'which is written down');
SELECT is((o365_programs.responder_start('desk', NULL, sha256('t2'), sha256('c2'), 'r-00000000c063', 'r-00000000c060',
    ARRAY[sha256('c1')]) ->> 'started')::boolean, true, 'the same browser starts again');
SELECT is(pg_temp.callback('t2', 'c2', 'r-00000000c064',
    'https://contoso.webhook.office.com/webhookb2/hal') ->> 'outcome', 'connected', 'and connects');
SELECT is((SELECT s.app_user FROM pg_temp.subscription_of('r-00000000c064') AS s), 'hal', 'as the same account');
SELECT is(o365_programs.responder_failed('desk', 'r-00000000c060', ARRAY[sha256('c1')]) ->> 'again', 'application',
    'after which the ticket serves no more');
SELECT is((o365_programs.responder_start('desk', NULL, sha256('t3'), sha256('c2'), 'r-00000000c065', 'r-00000000c060',
    ARRAY[sha256('c1')]) ->> 'started')::boolean, false, 'nor starts anything');
SELECT is((SELECT a.detail FROM o365.connect_attempt('r-00000000c065') AS a), 'it had made a connection already',
    'and connect_attempt() says why');
SELECT is((o365_programs.responder_start('desk', sha256('never'), sha256('t3'), sha256('c2'),
    'r-00000000c066') ->> 'started')::boolean, false, 'an unknown ticket starts nothing');
SELECT is((SELECT a.detail FROM o365.connect_attempt('r-00000000c066') AS a),
    'it was never handed out for this connector, or more than a day ago', 'and is told apart');
SELECT pg_temp.register('open', false, true, true) \g /dev/null
SELECT is(o365_programs.responder_failed('open', NULL, NULL) ->> 'again', 'landing',
    'where anybody may connect, the landing page will do');
SELECT is((o365_programs.responder_start('open', NULL, sha256('t4'), sha256('c2'), 'r-00000000c067', 'r-00000000c060',
    ARRAY[sha256('c1')]) ->> 'started')::boolean, false, 'but whoever asks for a ticket never starts without');

-- A callback inside a frame decides nothing.
SELECT pg_temp.begin('v1', 'c1', 'ida') \g /dev/null
SELECT is(o365_programs.responder_callback_error('desk', 'r-00000000c070', sha256('v1'), NULL, 'framed') ->> 'outcome',
    'framed', 'framed is written down');
SELECT is((SELECT a.app_user FROM o365.connect_attempt('r-00000000c070') AS a), 'ida',
    'with the attempt it belongs to');
SELECT is(pg_temp.callback('v1', 'c1', 'r-00000000c071',
    'https://contoso.webhook.office.com/webhookb2/ida') ->> 'outcome', 'connected', 'which goes on in a tab');

-- State-check failures are told apart.
SELECT is(o365_programs.responder_callback_error('desk', 'r-00000000c080', NULL, NULL, 'bad_webhook') ->> 'outcome',
    'no_state', 'no state at all');
SELECT is((SELECT a.detail FROM o365.connect_attempt('r-00000000c080') AS a), 'it carried none', 'is told apart');
SELECT is(pg_temp.bring('desk', 'zzz', 'c1', 'r-00000000c081', 'z') ->> 'outcome', 'no_state',
    'from one that is unknown');
SELECT is((SELECT a.detail FROM o365.connect_attempt('r-00000000c081') AS a),
    'it carried one that was never handed out for this connector', 'by its detail');
SELECT is_empty($$SELECT DISTINCT a.outcome FROM o365_internal.connect_attempt AS a,
    o365.connect_attempt(a.attempt_id::text) AS t WHERE t.meaning IS NULL OR t.next_step IS NULL$$,
    'every outcome has its meaning and its next step');
SELECT o365.remove((pg_temp.subscription_of('r-00000000c071')).subscription_id) \g /dev/null
SELECT is(pg_temp.callback('v1', 'c1', 'r-00000000c072', 'https://contoso.webhook.office.com/webhookb2/ida')
    ->> 'outcome', 'used', 'a repeat of what was removed meanwhile shows no success');
SELECT is((o365_programs.responder_done('desk', pg_temp.id_of('r-00000000c071'), NULL) ->> 'found')::boolean, false,
    'nor does its page');

-- Nobody came back: the attempt is swept an hour after its time, and forgotten after history_days.
SELECT pg_temp.begin('w1', 'c1', 'abe'), pg_temp.begin('w2', 'c1', 'abe') \g /dev/null
UPDATE o365_internal.connect_attempt AS a SET expires_at = now() - interval '61 minutes'
 WHERE a.state_hash = sha256('w1');
UPDATE o365_internal.connect_attempt AS a SET expires_at = now() - interval '59 minutes'
 WHERE a.state_hash = sha256('w2');
SELECT is(o365_programs.worker_chores(1), 'swept 1 abandoned attempt',
    'an attempt whose time is an hour past is abandoned');
SELECT is((SELECT a.outcome FROM o365_internal.connect_attempt AS a WHERE a.state_hash = sha256('w1')), 'abandoned',
    'and says so');
SELECT is(pg_temp.callback('w1', 'c1', 'r-00000000c090') ->> 'outcome', 'expired',
    'who comes back all the same was too slow');
UPDATE o365_internal.connect_attempt AS a
   SET started_at = now() - make_interval(days => o365_internal.integer_setting('history_days'), hours => -1)
 WHERE a.state_hash = sha256('w2');
SELECT o365_programs.worker_chores(1) \g /dev/null
SELECT is((SELECT count(*) FROM o365_internal.connect_attempt AS a WHERE a.state_hash = sha256('w2')), 1::bigint,
    'attempts stay for history_days');
UPDATE o365_internal.connect_attempt AS a SET started_at = a.started_at - interval '2 hours'
 WHERE a.state_hash = sha256('w2');
SELECT o365_programs.worker_chores(1) \g /dev/null
SELECT is((SELECT count(*) FROM o365_internal.connect_attempt AS a WHERE a.state_hash = sha256('w2')), 0::bigint,
    'and go then');

SELECT * FROM finish();
ROLLBACK;
