-- Webhooks that users paste: what is taken, the card with the code, the code, new addresses of connections, and the
-- bounds.
\ir fixtures/setup.sql
BEGIN;
SELECT no_plan();

CREATE FUNCTION pg_temp.ticket(app_user text, renews bigint DEFAULT NULL, slug text DEFAULT 'desk') RETURNS text
    LANGUAGE plpgsql AS $$
DECLARE
    v_ticket text := o365_internal.random_token();
BEGIN
    INSERT INTO o365_internal.ticket (ticket_hash, connector_id, app_user, renews, expires_at)
        SELECT sha256(v_ticket::bytea), c.connector_id, app_user, ticket.renews, now() + interval '1 hour'
          FROM o365_internal.connector AS c WHERE c.slug = ticket.slug;
    RETURN v_ticket;
END $$;
CREATE FUNCTION pg_temp.paste(ticket text, request text, webhook text, cookie text DEFAULT 'c',
    place text DEFAULT 'Sales', renews text DEFAULT NULL,
    host text DEFAULT 'prod-01.westeurope.logic.azure.com', slug text DEFAULT 'desk', again text DEFAULT NULL)
    RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO o365_programs.paste (slug, request_id, ticket_hash, again, cookie_hashes, cookie_hash, webhook_host,
        webhook_port, webhook_url, place, renews, card)
        VALUES (slug, request, sha256(ticket::bytea), again, ARRAY[sha256(cookie::bytea)]::text, sha256(cookie::bytea),
            host, '443', 'https://' || host || '/workflows/' || webhook, place, renews,
            '{"type": "AdaptiveCard", "version": "1.2", '
            '"body": [{"type": "TextBlock", "text": "{connector}: {code}"}]}');
    RETURN o365_programs.responder_paste_outcome(slug, request) ->> 'outcome';
END $$;
CREATE FUNCTION pg_temp.page(request text, cookie text DEFAULT 'c', slug text DEFAULT 'desk') RETURNS jsonb
    LANGUAGE sql AS $$
    SELECT o365_programs.responder_proof(slug, (SELECT a.public_id::text FROM o365_internal.connect_attempt AS a
        WHERE a.request_id = request), ARRAY[sha256('other'), sha256(cookie::bytea)]) $$;
CREATE FUNCTION pg_temp.type_code(request text, code text, cookie text DEFAULT 'c', replace text DEFAULT NULL)
    RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO o365_programs.proof (slug, id, cookie_hash, code, replace)
        SELECT 'desk', a.public_id::text, sha256(cookie::bytea), code, type_code.replace
          FROM o365_internal.connect_attempt AS a
         WHERE a.request_id = type_code.request;
    RETURN pg_temp.page(request) ->> 'outcome';
END $$;
CREATE FUNCTION pg_temp.subscription_of(request text) RETURNS o365_internal.subscription LANGUAGE sql AS $$
    SELECT s FROM o365_internal.connect_attempt AS a JOIN o365_internal.subscription AS s
        ON s.subscription_id = a.subscription_id
     WHERE a.request_id = request $$;
-- What a worker gets, and what it says of it.
CREATE TABLE public.claimed (subscription_id bigint, lease_no bigint, secret_version integer, "position" bigint,
    card_id bigint, card text, n integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
CREATE FUNCTION pg_temp.claim_all() RETURNS bigint LANGUAGE sql AS $$
    DELETE FROM public.claimed;
    INSERT INTO public.claimed (subscription_id, lease_no, secret_version, position, card_id, card)
        SELECT c.subscription_id, c.lease_no, c.secret_version, c.position, c.card_id, c.card
        FROM pg_temp.claim(1, '-infinity', 100, 10) AS c;
    SELECT count(*) FROM public.claimed WHERE position IS NOT NULL $$;
CREATE FUNCTION pg_temp.report(outcome text, http_status integer DEFAULT 202, problem text DEFAULT NULL,
    rule integer DEFAULT NULL) RETURNS integer LANGUAGE sql AS $$
    SELECT r.ended FROM (SELECT array_agg(c.subscription_id) AS s, array_agg(c.lease_no) AS l,
        array_agg(c.position) AS p, array_agg(c.secret_version) AS v, count(*)::integer AS n
                           FROM public.claimed AS c WHERE c.position IS NOT NULL) AS c,
        LATERAL o365_programs.worker_report(1, c.s, c.l, c.p, array_fill(outcome, ARRAY[n]), array_fill(rule, ARRAY[n]),
            array_fill(http_status, ARRAY[n]),
            array_fill(NULL::integer, ARRAY[n]), array_fill(17, ARRAY[n]), array_fill(problem, ARRAY[n]), c.s, c.l,
            array_fill(true, ARRAY[n]), c.v) AS r $$;
CREATE FUNCTION pg_temp.code() RETURNS text LANGUAGE sql AS $$
    SELECT substring(c.card FROM ': ([0-9]{6})"') FROM public.claimed AS c ORDER BY c.card_id DESC LIMIT 1 $$;
CREATE FUNCTION pg_temp.wrong(code text) RETURNS text LANGUAGE sql AS $$
    SELECT lpad(((code::integer + 1) % 1000000)::text, 6, '0') $$;
SELECT o365_programs.worker_start('one', '1', 'production') \g /dev/null

-- What a connector offers.
SELECT o365.set('connect_url', 'https://outlook.office.com/connectors/Connect') \g /dev/null
SELECT is((SELECT c.ways FROM o365.connectors AS c WHERE c.slug = 'desk'), '{workflow}',
    'users paste a webhook, as long as the Connect page is Microsoft''s, which is switched off');
SELECT o365.set('connect_url', 'https://portal.example.org/connect') \g /dev/null
SELECT is((SELECT c.ways FROM o365.connectors AS c WHERE c.slug = 'desk'), '{workflow,button}',
    'with another Connect page the button comes by itself');
SELECT o365.alter_connector('desk', ways => '{button}') \g /dev/null
SELECT is(pg_temp.paste(pg_temp.ticket('ann'), 'r-0000000000a1', 'a1'), 'no_such_way',
    'a connector that offers the button alone takes no webhook');
SELECT o365.alter_connector('desk', ways => '{}'),
       o365.set('connect_url', 'https://outlook.office.com/connectors/Connect') \g /dev/null
SELECT throws_ok($$SELECT o365.alter_connector('desk', ways => '{pigeon}')$$, '22023',
    'connector ''desk'': ways is not any of workflow, button', 'there is no other way');
SELECT results_eq($$SELECT c.name, c.ways, c.allow_anonymous FROM o365.connectors AS c WHERE c.slug = 'desk'$$,
    $$VALUES ('Contoso Helpdesk', '{workflow}'::text[], false)$$, 'what alter_connector is not given it keeps');

-- Pasting.
SELECT pg_temp.ticket('ann') AS t \gset
SELECT is(pg_temp.paste(:'t', 'r-000000000001', '1'), 'pending', 'a pasted webhook is stored');
SELECT is((pg_temp.subscription_of('r-000000000001')).status, 'pending', 'its subscription is pending');
SELECT results_eq($$SELECT (s).dialect, (s).group_name, (s).app_user, (s).app_type, (s).payload, (s).sealed IS NOT NULL,
    (s).proved_at FROM pg_temp.subscription_of('r-000000000001') AS s$$,
    $$VALUES ('workflow', 'Sales', 'ann', 'teams', 'envelope', true, NULL::timestamptz)$$,
    'a sealed one of the dialect workflow, not proven');
SELECT is(pg_temp.page('r-000000000001') - 'cookie' @> '{"outcome": "pending", "posted": false, "refused": false, '
                                                       '"tries_left": 5, "codes_left": 4, "minutes_left": 15}', true,
    'its page waits for the card');
SELECT is(pg_temp.page('r-000000000001', 'stranger') ->> 'group_name', NULL, 'and tells another browser nothing');
SELECT is(o365_programs.responder_done('desk', (SELECT a.public_id::text FROM o365_internal.connect_attempt AS a
    WHERE a.request_id = 'r-000000000001'), ARRAY[sha256('c')]) ->> 'found', 'false', 'it has no page of success');
SELECT is(o365_programs.responder_confirm('desk', (SELECT a.public_id::text FROM o365_internal.connect_attempt AS a
    WHERE a.request_id = 'r-000000000001'), sha256('c'), 'r-1', true) ->> 'found', 'false',
    'and cannot be confirmed without its code');
SET LOCAL SESSION AUTHORIZATION shop;
SELECT o365.send(c.subscription_id, '{"text": "waits"}') FROM o365.connections('ann') AS c \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.claim_all(), 1::bigint, 'of its cards a worker gets the one with the code, and no other');
SELECT is((SELECT c.card::jsonb #>> '{body,0,text}' FROM public.claimed AS c), 'Contoso Helpdesk: ' || pg_temp.code(),
    'with the connector''s name and six digits');
SELECT is((SELECT o.card FROM o365_internal.outbox AS o WHERE o.position < 0) ~ '[0-9]{6}', false,
    'the digits stand in no table');
SELECT is((SELECT r.may_send FROM public.claimed AS c, o365_programs.worker_recheck(ARRAY[c.subscription_id],
    ARRAY[c.lease_no], ARRAY[c.secret_version]) AS r), true, 'it may be posted');
SELECT is(pg_temp.report('accepted'), 1, 'and is accepted');
SELECT is(pg_temp.page('r-000000000001') @> '{"posted": true, "refused": false}', true, 'which the page says');
SELECT is(pg_temp.claim_all(), 0::bigint, 'the other card still waits');

-- The code.
SELECT pg_temp.claim_all(), o365_internal.proof_code((SELECT p.card_id FROM o365_internal.proof AS p)) AS code \gset
SELECT is(pg_temp.type_code('r-000000000001', pg_temp.wrong(:'code')), 'pending', 'another code does not connect');
SELECT is(pg_temp.page('r-000000000001') @> '{"wrong": true, "tries_left": 4}', true, 'and costs a try');
SELECT is(pg_temp.type_code('r-000000000001', :'code', 'stranger'), 'pending',
    'nor does the right one in another browser');
SELECT is(pg_temp.page('r-000000000001') ->> 'tries_left', '4', 'which costs nothing');
SELECT is(pg_temp.type_code('r-000000000001', :'code'), 'connected', 'the right code connects');
SELECT results_eq($$SELECT (s).status, (s).proved_at IS NOT NULL FROM pg_temp.subscription_of('r-000000000001') AS s$$,
    $$VALUES ('active', true)$$, 'the subscription is active and proven');
SELECT is(pg_temp.claim_all(), 1::bigint, 'what waited leaves');
SELECT is(pg_temp.report('accepted'), 1, 'once');
SELECT is(pg_temp.paste(:'t', 'r-000000000002', '2'), 'ticket', 'the ticket is used');
SELECT is(o365_programs.responder_done('desk', (SELECT a.public_id::text FROM o365_internal.connect_attempt AS a
    WHERE a.request_id = 'r-000000000001'), ARRAY[sha256('c')]) ->> 'outcome', 'connected',
    'and the attempt has its page of success');
SELECT is((SELECT a.outcome FROM o365.connect_attempt('r-000000000001') AS a), 'connected',
    'connect_attempt() says so');

-- The same webhook once more.
SELECT is(pg_temp.paste(pg_temp.ticket('ann'), 'r-000000000003', '1'), 'connected',
    'a webhook that is connected needs no proof');
SELECT is((SELECT count(*) FROM o365_internal.subscription AS s WHERE s.app_user = 'ann' AND s.status <> 'removed'),
    1::bigint, 'and makes no second subscription');
SELECT o365_internal.hold((pg_temp.subscription_of('r-000000000001')).subscription_id, 'suspended', 'turned off')
  FROM o365_internal.lock_subscription((pg_temp.subscription_of('r-000000000001')).subscription_id) \g /dev/null
SELECT is(pg_temp.paste(pg_temp.ticket('ann'), 'r-000000000004', '1'), 'pending',
    'one that was suspended is proven anew');
SELECT (pg_temp.subscription_of('r-000000000004')).subscription_id AS again \gset
SAVEPOINT as_it_was;
SAVEPOINT before;
SELECT is(o365.resume(:again), 'active', 'o365.resume uses it all the same: it was proven before');
ROLLBACK TO SAVEPOINT before;
UPDATE o365_internal.subscription SET status = 'gone' WHERE subscription_id = :again;
SELECT is(pg_temp.paste(pg_temp.ticket('ann'), 'r-0000000000g1', '1'), 'pending', 'one that is gone is proven anew');
SELECT throws_ok(format('SELECT o365.resume(%s)', :again), '55000',
    format('the webhook of subscription %s is not proven yet', :again), 'and not used before, whoever asks for it');
SELECT is(o365.pause(:again), 'paused', 'paused it waits for its proof as well');
SELECT is(pg_temp.paste(pg_temp.ticket('ann'), 'r-0000000000g2', '1'), 'pending',
    'pasting it once more does not connect it');
SELECT is(o365.resume(:again), 'suspended', 'and resuming leads back');
UPDATE o365_internal.subscription SET status = 'retired' WHERE subscription_id = :again;
SELECT is(pg_temp.paste(pg_temp.ticket('ann'), 'r-0000000000g3', '1'), 'pending', 'one that is retired is proven anew');
SELECT throws_ok(format('SELECT o365.resume(%s)', :again), '55000', NULL, 'and not used before either');
SAVEPOINT before;
SELECT o365_internal.prove((SELECT a.attempt_id FROM o365_internal.connect_attempt AS a
    WHERE a.request_id = 'r-0000000000g3')) \g /dev/null
SELECT results_eq(
    format('SELECT s.status, s.awaits_proof FROM o365_internal.subscription AS s WHERE s.subscription_id = %s', :again),
    $$VALUES ('active', false)$$, 'its code makes it active');
SELECT lives_ok(format('SELECT o365.pause(%s), o365.resume(%1$s)', :again),
    'and from then on it is paused and resumed like any other');
ROLLBACK TO SAVEPOINT as_it_was;
SET LOCAL SESSION AUTHORIZATION shop;
SELECT o365.send(c.subscription_id, '{"text": "waits for it"}') FROM o365.connections('ann') AS c \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.claim_all(), 1::bigint, 'a worker gets its card with the code');
SELECT is(pg_temp.report('suspend', 401, 'not allowed', 330), 1, 'which the far end refuses');
SELECT is(pg_temp.page('r-000000000004') @> '{"refused": true, "rule_id": "330", "http_status": "401"}', true,
    'the page says after which answer');
SELECT is((pg_temp.subscription_of('r-000000000004')).status_reason, 'turned off', 'the subscription is what it was');
SELECT o365_programs.responder_new_code('desk', (SELECT a.public_id::text
    FROM o365_internal.connect_attempt AS a WHERE a.request_id = 'r-000000000004'), sha256('c'), true,
    '{"type": "AdaptiveCard", "body": [{"type": "TextBlock", "text": "x: {code}"}]}') ->> 'posted' \g /dev/null
SELECT is((SELECT l.payload FROM o365_programs.worker_lease(1, '-infinity', 10) AS l), 'card',
    'a new code goes out in the other form');
UPDATE o365_internal.lane SET lease_until = NULL, worker = NULL, next_at = now() WHERE worker IS NOT NULL;
SELECT is(pg_temp.claim_all(), 1::bigint, 'alone');
SELECT pg_temp.code() AS code \gset
SELECT is(pg_temp.report('accepted'), 1, 'and is taken');
SELECT is(pg_temp.type_code('r-000000000004', :'code'), 'connected', 'its code connects');
SELECT results_eq($$SELECT (s).status, (s).payload FROM pg_temp.subscription_of('r-000000000004') AS s$$,
    $$VALUES ('active', 'card')$$, 'and the form is kept');
SELECT is(pg_temp.claim_all(), 1::bigint, 'what waited leaves again');
SELECT is(pg_temp.report('accepted'), 1, 'once more');

-- A new address.
SELECT (pg_temp.subscription_of('r-000000000004')).subscription_id AS old \gset
SELECT is(pg_temp.paste(pg_temp.ticket('ann'), 'r-000000000005', '5', renews => :'old', place => ''), 'pending',
    'a new address for a connection is proven first');
SELECT is((SELECT s.webhook_index FROM o365_internal.subscription AS s WHERE s.subscription_id = :old),
    o365_internal.blind_index('webhook', 'https://prod-01.westeurope.logic.azure.com/workflows/1'),
    'which goes on at its old one');
SELECT is(pg_temp.claim_all(), 1::bigint, 'the card with the code goes to the new one');
SELECT pg_temp.code() AS code \gset
SELECT pg_temp.report('accepted') \g /dev/null
SELECT is(pg_temp.type_code('r-000000000005', :'code'), 'connected', 'once it is proven');
SELECT results_eq(format($$SELECT s.status, s.webhook_index, s.group_name FROM o365_internal.subscription AS s
    WHERE s.subscription_id = %s$$, :old),
    $$VALUES ('active', o365_internal.blind_index('webhook', 'https://prod-01.westeurope.logic.azure.com/workflows/5'),
        'Sales')$$, 'the connection has it, with its number and name');
SELECT is((SELECT count(*) FROM o365_internal.subscription AS s WHERE s.app_user = 'ann' AND s.status <> 'removed'),
    1::bigint, 'and no other is left');
SELECT is(pg_temp.paste(pg_temp.ticket('bob'), 'r-0000000000b6', '6', renews => :'old'), 'no_place',
    'another user cannot take it over');
SELECT is(pg_temp.paste(pg_temp.ticket('bob'), 'r-000000000006', '6'), 'pending', 'and connects a place of his own');
SELECT is((pg_temp.subscription_of('r-000000000006')).replaces, NULL, 'beside it');

-- Bounds.
SELECT is(pg_temp.type_code('r-000000000006', '000000'), 'pending', 'wrong codes') FROM generate_series(1, 6);
SELECT pg_temp.claim_all(), pg_temp.report('accepted'),
       o365_internal.proof_code((SELECT p.card_id FROM o365_internal.proof AS p
    JOIN o365_internal.connect_attempt AS a ON a.attempt_id = p.attempt_id
        WHERE a.request_id = 'r-000000000006')) AS code \gset
SELECT is(pg_temp.type_code('r-000000000006', :'code'), 'pending', 'after five of them not even the right one serves');
SELECT is(o365_programs.responder_new_code('desk', (SELECT a.public_id::text FROM o365_internal.connect_attempt AS a
    WHERE a.request_id = 'r-000000000006'), sha256('c'), false, '{}') ->> 'posted',
    posted, 'the ' || n || 'th new code') FROM (VALUES (1, 'true'), (2, 'true'), (3, 'true'), (4, 'true'),
    (5, 'false')) AS v (n, posted);
SELECT is((SELECT count(*) FROM o365_internal.outbox AS o WHERE o.position < 0), 1::bigint,
    'of codes that have not left only the newest is posted');
UPDATE o365_internal.proof AS p SET made_at = now() - interval '16 minutes';
SELECT is(pg_temp.page('r-000000000006') ->> 'outcome', 'unconfirmed', 'a code serves for a quarter of an hour');
SELECT pg_temp.ticket('eve') AS t \gset
SELECT is(pg_temp.paste(:'t', 'r-00000000' || n, 'e' || n), 'pending', 'paste ' || n)
  FROM generate_series(1001, 1010) AS n;
SELECT is(pg_temp.paste(:'t', 'r-000000000007', 'e11'), 'too_many_with_link',
    'with one link only so many webhooks are pasted');
SELECT o365.set('pastes_per_minute', '3') \g /dev/null
SELECT pg_temp.ticket('eve') AS t \gset
SELECT is(pg_temp.paste(:'t', 'r-000000000008', 'e12'), 'too_many', 'and for one connector only so many a minute');
SELECT is((SELECT a.outcome FROM o365.connect_attempt('r-000000000008') AS a), 'too_many',
    'which connect_attempt() tells');
SELECT is((SELECT t.pastes FROM o365_internal.ticket AS t WHERE t.ticket_hash = sha256(:'t'::bytea)), 0,
    'and the link lost nothing by it');
SELECT o365.set('pastes_per_minute', '60') \g /dev/null

-- Nobody outside uses up the bound of those whom the application sends, nor fills the table.
UPDATE o365_internal.connect_attempt AS a SET started_at = a.started_at - interval '2 minutes';
SELECT count(pg_temp.paste('a guess', 'r-0000000' || n, 'x')) FROM generate_series(10001, 10100) AS n \g /dev/null
SELECT is((SELECT count(*) FROM o365_internal.connect_attempt AS a WHERE a.request_id LIKE 'r-00000001____'),
    60::bigint, 'of pastes without a link that serves, sixty a minute are written down');
SELECT is(pg_temp.paste('a guess', 'r-000000010200', 'x'), 'too_many', 'the others are told to come back later');
SELECT is(pg_temp.paste(:'t', 'r-000000010201', 'e12'), 'pending', 'a link that serves still does');
UPDATE o365_internal.connector SET allow_anonymous = true;
SELECT o365.set('pastes_per_minute', '2') \g /dev/null
SELECT is(pg_temp.paste(NULL, 'r-00000001021' || n, 'y' || n), CASE WHEN n < 3 THEN 'pending' ELSE 'too_many' END,
    'where nobody needs a link, paste ' || n) FROM generate_series(1, 3) AS n;
SELECT is(pg_temp.paste(pg_temp.ticket('eve'), 'r-000000010220', 'e13'), 'pending', 'is counted apart');
SELECT is(pg_temp.paste(pg_temp.ticket('eve'), 'r-000000010221', 'e14'), 'too_many', 'from those with one');
UPDATE o365_internal.connector SET allow_anonymous = false;
SELECT o365.set('pastes_per_minute', '60') \g /dev/null
UPDATE o365_internal.connect_attempt AS a SET started_at = a.started_at - interval '2 minutes';

-- A link that renews one connection gives no right to any other of the same user.
SELECT pg_temp.paste(pg_temp.ticket('ren'), 'r-0000000000c1', 'ren1', place => 'One'),
       pg_temp.paste(pg_temp.ticket('ren'), 'r-0000000000c2', 'ren2', place => 'Two') \g /dev/null
SELECT (pg_temp.subscription_of('r-0000000000c1')).subscription_id AS one,
       (pg_temp.subscription_of('r-0000000000c2')).subscription_id AS two \gset
SELECT o365_internal.prove(a.attempt_id) FROM o365_internal.connect_attempt AS a
 WHERE a.request_id IN ('r-0000000000c1', 'r-0000000000c2') \g /dev/null
SELECT is(pg_temp.paste(pg_temp.ticket('ren', :one), 'r-0000000000c3', 'ren3', renews => :'two'), 'pending',
    'the form names another connection than the link');
SELECT is((pg_temp.subscription_of('r-0000000000c3')).replaces, :one::bigint, 'the link decides');
SELECT is(pg_temp.paste(pg_temp.ticket('ren'), 'r-0000000000c4', 'ren3', renews => :'two'), 'pending',
    'pasted again for another place');
SELECT is((pg_temp.subscription_of('r-0000000000c4')).replaces, :two::bigint, 'it is for that one');
SELECT is((SELECT a.outcome FROM o365.connect_attempt('r-0000000000c3') AS a), 'superseded',
    'and no more for the first');
SELECT is(pg_temp.paste(pg_temp.ticket('ren', :one), 'r-0000000000c5', 'ren2'), 'other_place',
    'the address of another connection is not taken for this one');
SELECT pg_temp.ticket('ren', :one) AS t \gset
SELECT o365.remove(:one) \g /dev/null
SELECT is(pg_temp.paste(:'t', 'r-0000000000c6', 'ren6'), 'no_place',
    'a link whose connection was removed makes no new one');
SELECT is(o365_programs.responder_landing('desk', sha256(:'t'::bytea)) ->> 'ticket', 'invalid',
    'which its landing page says');

-- F30: the name of a connection is typed, and none is chosen: a copied flow, or another one.
CREATE FUNCTION pg_temp.code_of(request text) RETURNS text LANGUAGE sql AS $$
    SELECT o365_internal.proof_code(p.card_id) FROM o365_internal.proof AS p
        JOIN o365_internal.connect_attempt AS a USING (attempt_id) WHERE a.request_id = request $$;
CREATE FUNCTION pg_temp.all_of(app_user text) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('%s %s %s', s.group_name, s.status, right(w.webhook, 4)) FROM o365_internal.subscription AS s
      LEFT JOIN (VALUES ('f30a'), ('f30b'), ('f30c'), ('f30d')) AS w (webhook) ON s.webhook_index = o365_internal
          .blind_index('webhook', 'https://prod-01.westeurope.logic.azure.com/workflows/' || w.webhook)
     WHERE s.app_user = all_of.app_user AND s.status <> 'removed' ORDER BY s.subscription_id $$;
SELECT pg_temp.paste(pg_temp.ticket('uma'), 'r-0000000000f1', 'f30a') \g /dev/null
SELECT is(pg_temp.page('r-0000000000f1') ->> 'replaces', 'false', 'F30: a name that nobody has yet asks nothing');
SELECT pg_temp.type_code('r-0000000000f1', pg_temp.code_of('r-0000000000f1')) \g /dev/null
SELECT (pg_temp.subscription_of('r-0000000000f1')).subscription_id AS sales \gset
SELECT pg_temp.paste(pg_temp.ticket('uma'), 'r-0000000000f2', 'f30b') \g /dev/null
SELECT is(pg_temp.page('r-0000000000f2') ->> 'replaces', 'true',
    'F30: another webhook by the name of a connection: the page of the code asks');
SELECT is(pg_temp.type_code('r-0000000000f2', 'no code', replace => 'true'), 'pending',
    'F30: nothing without the code');
SELECT is((SELECT s.replaces FROM pg_temp.subscription_of('r-0000000000f2') AS s), :sales::bigint,
    'F30: after a wrong one it still asks');
SELECT is(pg_temp.type_code('r-0000000000f2', pg_temp.code_of('r-0000000000f2'), replace => 'true'), 'connected',
    'F30: the answer is that it replaces');
SELECT results_eq($$SELECT pg_temp.all_of('uma')$$, $$VALUES ('Sales active f30b')$$, 'F30: one connection is left');
SELECT is((pg_temp.subscription_of('r-0000000000f2')).subscription_id, :sales::bigint, 'F30: with its number');
SELECT is(o365_programs.responder_done('desk', (SELECT a.public_id::text FROM o365_internal.connect_attempt AS a
    WHERE a.request_id = 'r-0000000000f2'), ARRAY[sha256('c')]) ->> 'renewal', 'replaced',
    'F30: which the page behind says');
SELECT pg_temp.paste(pg_temp.ticket('uma'), 'r-0000000000f3', 'f30c', place => ' sALES ') \g /dev/null
SELECT is(pg_temp.page('r-0000000000f3') ->> 'replaces', 'true', 'F30: capitals and blanks make no other name');
SELECT is(pg_temp.type_code('r-0000000000f3', pg_temp.code_of('r-0000000000f3')), 'connected',
    'F30: the answer is that both stay');
SELECT results_eq($$SELECT pg_temp.all_of('uma')$$, $$VALUES ('Sales active f30b'), ('sALES active f30c')$$,
    'F30: then both stand');
SELECT is((SELECT s.replaces IS NULL AND s.replacement IS NULL AND s.replacement_key_id IS NULL
             FROM pg_temp.subscription_of('r-0000000000f3') AS s), true,
    'F30: and the second knows nothing of the first');
SELECT pg_temp.paste(pg_temp.ticket('uma'), 'r-0000000000f4', 'f30d', renews => :'sales', place => 'sALES') \g /dev/null
SELECT is(pg_temp.page('r-0000000000f4') ->> 'replaces', 'false', 'F30: whoever chose is not asked');
SELECT pg_temp.type_code('r-0000000000f4', pg_temp.code_of('r-0000000000f4')) \g /dev/null
SELECT results_eq($$SELECT pg_temp.all_of('uma')$$, $$VALUES ('sALES active f30d'), ('sALES active f30c')$$,
    'F30: and gets what was chosen');
-- One that is gone, whose queue waits; and one that is gone for good when the code is typed.
UPDATE o365_internal.subscription AS s SET group_name = 'Old', app_type = 'Groups', app_type_normalised = 'groups',
    status = 'gone' WHERE s.subscription_id = :sales;
SELECT pg_temp.paste(pg_temp.ticket('uma'), 'r-0000000000f5', 'f30a', place => 'Old') \g /dev/null
SELECT is(pg_temp.page('r-0000000000f5') ->> 'replaces', 'true', 'F30: of a connector''s group too, which is gone');
SELECT pg_temp.paste(pg_temp.ticket('uma'), 'r-0000000000f6', 'f30a', place => '') \g /dev/null
SELECT is(pg_temp.page('r-0000000000f6') ->> 'replaces', 'true',
    'F30: pasted again, without the name, it is asked still');
SELECT o365.remove(:sales) \g /dev/null
SELECT is(pg_temp.page('r-0000000000f6') ->> 'replaces', 'false', 'F30: nothing is asked once that was removed');
SELECT pg_temp.type_code('r-0000000000f6', pg_temp.code_of('r-0000000000f6'), replace => 'true') \g /dev/null
SELECT results_eq($$SELECT pg_temp.all_of('uma')$$, $$VALUES ('sALES active f30c'), ('Old active f30a')$$,
    'F30: and it is one of its own');
-- Nobody without an account has another's place.
UPDATE o365_internal.connector SET allow_anonymous = true;
SELECT pg_temp.paste(NULL, 'r-0000000000f7', 'f30b', place => 'Old') \g /dev/null
SELECT is(pg_temp.page('r-0000000000f7') ->> 'replaces', 'false', 'F30: whoever has no link has no other connection');
UPDATE o365_internal.connector SET allow_anonymous = false;
-- The list of the landing page.
SELECT pg_temp.paste(pg_temp.ticket('uma'), 'r-0000000000f8', 'f30b', place => '') \g /dev/null
SELECT pg_temp.type_code('r-0000000000f8', pg_temp.code_of('r-0000000000f8')) \g /dev/null
SELECT pg_temp.ticket('uma') AS t \gset
SELECT is(o365_programs.responder_landing('desk', sha256(:'t'::bytea)) -> 'unnamed_places' -> 0 ->> 'id',
    (pg_temp.subscription_of('r-0000000000f8')).subscription_id::text,
    'F30: a connection without a name can be chosen on the landing page');

-- What happened meanwhile.
SELECT is(pg_temp.paste(pg_temp.ticket('zoe'), 'r-0000000000d1', 'z1'), 'pending', 'a webhook that is pasted');
SELECT o365_internal.proof_code((SELECT p.card_id FROM o365_internal.proof AS p
    JOIN o365_internal.connect_attempt AS a USING (attempt_id)
    WHERE a.request_id = 'r-0000000000d1')) AS code \gset
SELECT o365.remove((pg_temp.subscription_of('r-0000000000d1')).subscription_id) \g /dev/null
SELECT is(pg_temp.type_code('r-0000000000d1', :'code'), 'unconfirmed',
    'and removed before its code is typed connects no more');
SELECT is((SELECT string_agg(e.kind, ' ' ORDER BY e.event_id) FROM o365_internal.event AS e
            WHERE e.subscription_id = (pg_temp.subscription_of('r-0000000000d1')).subscription_id), 'removed',
    'nor is that said to anybody');

-- The Connect page is opened so often, and only where it is offered.
CREATE FUNCTION pg_temp.start(ticket text, request text) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(s ->> 'reason', s ->> 'started') FROM o365_programs.responder_start('desk', sha256(ticket::bytea),
        sha256(random()::text::bytea), sha256('c'), request) AS s $$;
SELECT is(pg_temp.start(pg_temp.ticket('sue'), 'r-0000000000e1'), 'no_such_way',
    'a connector without a button leads nobody to a page that is gone');
SELECT o365.alter_connector('desk', ways => '{workflow,button}') \g /dev/null
SELECT pg_temp.ticket('sue') AS t \gset
SELECT o365.set('starts_per_ticket', '3') \g /dev/null
SELECT is(pg_temp.start(:'t', 'r-0000000000e' || n), CASE WHEN n < 5 THEN 'true' ELSE 'too_many_with_link' END,
    'start ' || n || ' with a link') FROM generate_series(2, 5) AS n;
SELECT o365.set('starts_per_minute', '4') \g /dev/null
SELECT is(pg_temp.start(pg_temp.ticket('sue'), 'r-0000000000e' || n), CASE WHEN n = 6 THEN 'true' ELSE 'too_many' END,
    'start ' || n || ' within the minute') FROM generate_series(6, 7) AS n;
SELECT results_eq($$SELECT a.outcome, a.detail FROM o365.connect_attempt('r-0000000000e7') AS a$$,
    $$VALUES ('too_many', '4 attempts began for this connector within a minute')$$, 'connect_attempt() tells');
SELECT count(pg_temp.start('a guess', 'r-0000000' || n)) FROM generate_series(20001, 20100) AS n \g /dev/null
SELECT is((SELECT count(*) < 60 FROM o365_internal.connect_attempt AS a WHERE a.request_id LIKE 'r-00000002____'), true,
    'starts without a link that serves do not fill the table');
SELECT o365.alter_connector('desk', ways => '{}'), o365.set('starts_per_minute', '600'),
       o365.set('starts_per_ticket', '20') \g /dev/null

-- What is refused.
SELECT is(pg_temp.paste(pg_temp.ticket('ann'), 'r-000000000009', 'x', host => 'evil.example.org'), 'refused_host',
    'a host that is not on the list');
SELECT is(pg_temp.paste(pg_temp.ticket('ann'), 'r-000000000010', 'x', host => 'contoso.webhook.office.com'),
    'connector_webhook', 'a connector webhook');
SELECT is(pg_temp.paste(pg_temp.ticket('ann'), 'r-000000000011', 'x', host => 'prod-01.usgovvirginia.logic.azure.us'),
    'refused_host', 'a government cloud, which is off');
SELECT o365.allow_webhook_host('workflow', '*.logic.azure.us') \g /dev/null
SELECT is(pg_temp.paste(pg_temp.ticket('ann'), 'r-000000000012', 'x', host => 'prod-01.usgovvirginia.logic.azure.us'),
    'pending', 'until it is allowed');
SELECT is(pg_temp.paste('nobody''s', 'r-000000000013', 'x'), 'ticket', 'a ticket that nobody made');
SELECT is(pg_temp.paste(NULL, 'r-000000000014', 'x'), 'ticket', 'none, where one is needed');
SELECT is(pg_temp.paste(pg_temp.ticket('ann'), 'r-000000000015', 'x', slug => 'none'), 'unknown_connector',
    'no such connector');
SELECT is(pg_temp.paste(NULL, 'r-000000000016', 'again', again => 'r-000000000012'), 'pending',
    'the browser of an earlier attempt pastes again without the ticket''s text');
SELECT is(pg_temp.paste(NULL, 'r-000000000017', 'again2', cookie => 'stranger', again => 'r-000000000012'), 'ticket',
    'and no other browser');

-- A test card that fails on its way.
SELECT is(pg_temp.paste(pg_temp.ticket('kim'), 'r-000000000018', 'k1'), 'pending', 'a webhook');
DELETE FROM o365_internal.outbox AS o
    WHERE o.subscription_id <> (pg_temp.subscription_of('r-000000000018')).subscription_id;
UPDATE o365_internal.lane AS l SET next_at = NULL
 WHERE l.subscription_id <> (pg_temp.subscription_of('r-000000000018')).subscription_id;
SELECT is(pg_temp.claim_all(), 1::bigint, 'its card');
SELECT is(pg_temp.report('retry', 503, 'the far end failed', 380), 0, 'is tried again');
SELECT is(pg_temp.page('r-000000000018') @> '{"failing": true, "posted": false, "refused": false, "rule_id": "380"}',
    true, 'and the page says why');
SELECT is((SELECT l.next_at > now() AND l.next_at < now() + interval '1 minute' FROM o365_internal.lane AS l
    WHERE l.subscription_id = (pg_temp.subscription_of('r-000000000018')).subscription_id), true, 'soon');
UPDATE o365_internal.lane AS l SET next_at = now()
 WHERE l.subscription_id = (pg_temp.subscription_of('r-000000000018')).subscription_id;
SELECT o365_internal.hold((pg_temp.subscription_of('r-000000000018')).subscription_id, 'pending', NULL) \g /dev/null
SELECT is(pg_temp.claim_all(), 1::bigint, 'also in a lane that is held meanwhile');
SELECT is(pg_temp.report('in_doubt', 504, 'no answer', 376), 1, 'one that may have been shown is not posted again');
SELECT is(pg_temp.page('r-000000000018') @> '{"posted": true, "in_doubt": true, "refused": false, "rule_id": "376"}',
    true, 'the page tells to look, and takes the code');

-- Fields beside each card that the application gives with its link: the card with the code has them already.
CREATE FUNCTION pg_temp.ticket_with(app_user text, extra jsonb, renew bigint DEFAULT NULL) RETURNS text
    LANGUAGE plpgsql AS $$
BEGIN
    RETURN substring(o365.begin_connect('desk', app_user, extra => extra, renew => renew) FROM 'ticket=(.*)');
END $$;
SET SESSION AUTHORIZATION shop;
SELECT throws_ok($$SELECT o365.begin_connect('desk', 'extra', extra => '{"type": "x"}')$$, '22023',
    'extra has a field ''type'', which is the envelope''s own', 'begin_connect judges the fields');
SELECT pg_temp.ticket_with('extra', '{"recipient": "ann"}') AS t, pg_temp.ticket_with('extra', NULL) AS plain \gset
RESET SESSION AUTHORIZATION;
SELECT is(pg_temp.paste(:'t', 'r-0000000000e1', 'e1', place => 'Extra'), 'pending',
    'a flow that needs fields is pasted');
SELECT is((pg_temp.subscription_of('r-0000000000e1')).extra, '{"recipient": "ann"}',
    'and its first test card has them');
SELECT is(pg_temp.paste(:'plain', 'r-0000000000e2', 'e1', place => 'Extra'), 'pending',
    'pasted again by a link without fields');
SELECT is((pg_temp.subscription_of('r-0000000000e2')).extra, '{"recipient": "ann"}', 'it keeps them');
UPDATE o365_internal.subscription SET status = 'active'
 WHERE subscription_id = (pg_temp.subscription_of('r-0000000000e2')).subscription_id;
SELECT (pg_temp.subscription_of('r-0000000000e2')).subscription_id AS stands \gset
SET SESSION AUTHORIZATION shop;
SELECT pg_temp.ticket_with('extra', '{"recipient": "bob"}', :stands) AS t,
       pg_temp.ticket_with('extra', '{"recipient": "eve"}') AS same \gset
RESET SESSION AUTHORIZATION;
SELECT is(pg_temp.paste(:'t', 'r-0000000000e3', 'e3', place => 'Extra'), 'pending', 'a new address is proven');
SELECT is((pg_temp.subscription_of('r-0000000000e3')).extra, '{"recipient": "bob"}', 'with the fields of the new link');
SELECT is((SELECT s.extra FROM o365_internal.subscription AS s WHERE s.subscription_id = :stands),
    '{"recipient": "ann"}', 'the connection keeps its own until then');
SELECT o365_internal.prove((SELECT a.attempt_id FROM o365_internal.connect_attempt AS a
    WHERE a.request_id = 'r-0000000000e3')) \g /dev/null
SELECT is((SELECT s.extra FROM o365_internal.subscription AS s WHERE s.subscription_id = :stands),
    '{"recipient": "bob"}', 'and has the new ones afterwards');
SELECT is(pg_temp.paste(:'same', 'r-0000000000e4', 'e3', place => 'Extra'), 'connected', 'the same webhook once more');
SELECT is((SELECT s.extra FROM o365_internal.subscription AS s WHERE s.subscription_id = :stands),
    '{"recipient": "eve"}', 'brings the fields of its link too');

SELECT * FROM finish();
ROLLBACK;
