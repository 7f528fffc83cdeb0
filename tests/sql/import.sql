-- Webhooks that an operator imports: new ones, those of places that are connected, once more, proven by their users;
-- links that renew connections; who still has a connector webhook.
\ir fixtures/setup.sql
BEGIN;
SELECT no_plan();

-- Imports one line and returns its verdict. Each has a number of its own, since this file is one transaction.
CREATE SEQUENCE public.line;
CREATE FUNCTION pg_temp.import(app_user text, webhook text, group_name text DEFAULT 'Sales', ticket text DEFAULT NULL,
    dry_run boolean DEFAULT false,
    host text DEFAULT 'prod-01.westeurope.logic.azure.com', slug text DEFAULT 'desk', label text DEFAULT NULL,
    port text DEFAULT '443') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_line text := nextval('public.line')::text;
BEGIN
    INSERT INTO o365_programs.import (line, slug, app_user, label, group_name, webhook_host, webhook_port, webhook_url,
        ticket_hash, dry_run, sealing_key)
        VALUES (v_line, slug, app_user, label, group_name, host, port, 'https://' || host || '/workflows/' || webhook,
            sha256(ticket::bytea), dry_run::text, '10FF825991ECBCBF');
    RETURN (SELECT o.verdict FROM o365_programs.worker_import_outcome(slug) AS o WHERE o.line = v_line::integer);
END $$;
CREATE FUNCTION pg_temp.of_user(app_user text) RETURNS SETOF o365_internal.subscription LANGUAGE sql AS $$
    SELECT s FROM o365_internal.subscription AS s WHERE s.app_user = of_user.app_user AND s.status <> 'removed'
     ORDER BY s.subscription_id $$;
SELECT o365_programs.worker_start('one', '1', 'production') \g /dev/null

-- New ones.
SELECT is(pg_temp.import('ann', '1', label => 'Ann Lee'), 'connected', 'an imported webhook is connected');
SELECT results_eq($$SELECT s.status, s.dialect, s.app_type, s.group_name, s.label, s.payload, s.key_id, s.key_pinned,
    s.proved_at FROM pg_temp.of_user('ann') AS s$$,
    $$VALUES ('active', 'workflow', 'teams', 'Sales', 'Ann Lee', 'envelope', '10FF825991ECBCBF', true,
        NULL::timestamptz)$$, 'active at once, sealed under the key that was asked for, not proven');
SELECT is(pg_temp.import('ann', '1'), 'unchanged', 'once more it is unchanged');
SELECT is((SELECT count(*) FROM pg_temp.of_user('ann'))::integer, 1, 'and not doubled');
SELECT is(pg_temp.import('bob', '1'), 'connected', 'another user may have the same webhook');
SELECT is(pg_temp.import('ann', '2', 'Support'), 'connected', 'and a user several places');
SELECT results_eq($$SELECT pg_temp.import('cy', c, NULL) FROM unnest('{1,2}'::text[]) AS c$$,
    $$VALUES ('connected'), ('connected')$$, 'those without a name are never taken for each other');

-- What is refused, and why.
SELECT is(pg_temp.import(' ', '1'), 'app_user', 'a line without a user');
SELECT is(pg_temp.import(repeat('x', 201), '1'), 'app_user', 'or with one that is too long');
SELECT is(pg_temp.import(E'ann\x1b[2J', '1'), 'app_user', 'F40: or with one that a terminal obeys');
SELECT is(pg_temp.import('dan', '1', host => 'flows.example.org'), 'refused_host', 'a host that is not on the list');
SELECT is(pg_temp.import('dan', '1', port => '8443'), 'refused_host', 'nor on another port');
SELECT is(pg_temp.import('dan', '1', host => 'prod-01.usgovvirginia.logic.azure.us'), 'refused_host',
    'nor one that is off');
SELECT is(pg_temp.import('dan', '1', host => 'contoso.webhook.office.com'), 'connector_webhook', 'a connector webhook');
SELECT is((SELECT count(*) FROM pg_temp.of_user('dan'))::integer, 0, 'leave nothing');
SELECT throws_ok($$SELECT pg_temp.import('dan', '1', slug => 'dask')$$, '42704', 'there is no connector ''dask''',
    'a connector that is not registered ends all');

-- A connection that names the same user and place.
SELECT pg_temp.connect('eve') AS eve \gset
SELECT o365_internal.hold(:eve, 'gone', 'no such webhook') FROM o365_internal.lock_subscription(:eve) \g /dev/null
SELECT is(pg_temp.import('eve', '3', dry_run => true), 'replaced', 'a dry run says what would be');
SELECT results_eq($$SELECT s.status, s.dialect FROM pg_temp.of_user('eve') AS s$$, $$VALUES ('gone', 'connector')$$,
    'and changes nothing');
SELECT is(pg_temp.import('eve', '3'), 'replaced', 'a dead connector of the same user and place gets the webhook');
SELECT results_eq($$SELECT s.subscription_id, s.status, s.dialect, s.webhook_host, s.group_name, s.user_index,
    s.secret_version FROM pg_temp.of_user('eve') AS s$$,
    format($$VALUES (%s::bigint, 'active', 'workflow', 'prod-01.westeurope.logic.azure.com', 'Sales', NULL::bytea, 2)$$,
        :eve), 'keeps its number and works');
SELECT is((SELECT l.why FROM o365_internal.lane AS l WHERE l.subscription_id = :eve), NULL, 'its lane too');
SELECT is(pg_temp.import('eve', '3'), 'unchanged', 'once more nothing changes');
SELECT is(pg_temp.import('eve', '4'), 'replaced', 'a workflow is replaced as well');
SELECT o365.pause(:eve) \g /dev/null
SELECT is(pg_temp.import('eve', '5'), 'replaced', 'also while it is paused');
SELECT is((SELECT s.status FROM pg_temp.of_user('eve') AS s), 'paused', 'which it stays');
SELECT o365_internal.hold((SELECT s.subscription_id FROM pg_temp.of_user('bob') AS s), 'suspended', 'turned off')
  FROM o365_internal.lock_subscription((SELECT s.subscription_id FROM pg_temp.of_user('bob') AS s)) \g /dev/null
SELECT is(pg_temp.import('bob', '1'), 'activated', 'the same webhook of a connection that had stopped is tried again');

-- Users prove it.
SELECT is(pg_temp.import('fay', '6', ticket => 'fay-ticket'), 'to_prove', 'a webhook that its user is to prove');
SELECT results_eq($$SELECT s.status, s.status_reason FROM pg_temp.of_user('fay') AS s$$,
    $$VALUES ('suspended', 'it was imported, and its user has not typed the code of its test card yet')$$,
    'waits for that');
SELECT (SELECT s.subscription_id FROM o365_internal.subscription AS s WHERE s.awaits_proof ORDER BY 1
    LIMIT 1) AS unproven \gset
SELECT throws_ok(format('SELECT o365.resume(%s)', :unproven), '55000',
    format('the webhook of subscription %s is not proven yet', :unproven), 'o365.resume does not make it active');
SELECT is(o365.pause(:unproven), 'paused', 'it can be paused');
SELECT is(o365.resume(:unproven), 'suspended', 'and waits for its code again when the pause ends');
SELECT is(o365.pause(:unproven, until => now() + interval '1 hour'), 'paused', 'also a pause with a time');
UPDATE o365_internal.subscription SET paused_until = now() WHERE subscription_id = :unproven;
SELECT ok(o365_internal.chore_resume_paused() IS NOT NULL, 'that ends by itself');
SELECT results_eq(format(
    'SELECT s.status, s.status_reason FROM o365_internal.subscription AS s WHERE s.subscription_id = %s', :unproven),
    $$VALUES ('suspended', 'its webhook is not proven yet')$$, 'leads there');
UPDATE o365_internal.subscription SET status_at = now() - interval '3 days' WHERE app_user = 'fay';
SELECT is(o365_internal.sweep_unconfirmed(), 0, 'for days');
SELECT is(o365_programs.responder_landing('desk', sha256('fay-ticket')) -> 'imported', '{"place": "Sales"}',
    'its link leads to a page that knows the place');
CREATE FUNCTION pg_temp.post_code(ticket text, request text, cookie text DEFAULT 'c') RETURNS text
    LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO o365_programs.paste (slug, request_id, ticket_hash, cookie_hashes, cookie_hash, card)
        VALUES ('desk', request, sha256(ticket::bytea), ARRAY[sha256(cookie::bytea)]::text, sha256(cookie::bytea),
            '{"text": "{connector}: {code}"}');
    RETURN o365_programs.responder_paste_outcome('desk', request) ->> 'outcome';
END $$;
CREATE FUNCTION pg_temp.type_code(request text, cookie text DEFAULT 'c') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_code text;
BEGIN
    v_code := o365_internal.proof_code((SELECT p.card_id FROM o365_internal.connect_attempt AS a
        JOIN o365_internal.proof AS p ON p.attempt_id = a.attempt_id WHERE a.request_id = request));
    INSERT INTO o365_programs.proof (slug, id, cookie_hash, code)
        SELECT 'desk', a.public_id::text, sha256(cookie::bytea), v_code FROM o365_internal.connect_attempt AS a
         WHERE a.request_id = request;
    RETURN (SELECT a.outcome FROM o365_internal.connect_attempt AS a WHERE a.request_id = request);
END $$;
SELECT is(pg_temp.post_code('fay-ticket', 'r-00000000f001'), 'pending',
    'a card with a code is posted without the webhook pasted');
SELECT is(pg_temp.type_code('r-00000000f001'), 'connected', 'whose code connects');
SELECT results_eq($$SELECT s.status, s.proved_at IS NOT NULL FROM pg_temp.of_user('fay') AS s$$,
    $$VALUES ('active', true)$$, 'it is active and proven');
SELECT is(pg_temp.post_code('fay-ticket', 'r-00000000f002'), 'ticket', 'the link is used');
SELECT is(pg_temp.import('fay', '6', ticket => 'fay-again'), 'unchanged', 'once more it is unchanged');
SELECT is((SELECT count(*) FROM o365_internal.ticket AS t WHERE t.ticket_hash = sha256('fay-again'))::integer, 0,
    'and has no link');
SELECT is(pg_temp.import('gil', '7', ticket => 'gil-1'), 'to_prove', 'what was not proven');
SELECT is(pg_temp.import('gil', '7', ticket => 'gil-2'), 'to_prove', 'has another link each time');
SELECT is(pg_temp.import('gil', '8', ticket => 'gil-3'), 'to_prove', 'may have another webhook');
SELECT is((SELECT count(*) FROM pg_temp.of_user('gil'))::integer, 1, 'and is one connection');
SELECT is(pg_temp.import('gil', '8'), 'activated', 'or becomes active without a proof');
SELECT is(pg_temp.post_code('gil-3', 'r-00000000f003'), 'ticket', 'after which there is nothing to prove');

-- What works is not stopped for a proof.
SELECT is(pg_temp.import('ann', '9', ticket => 'ann-1'), 'works',
    'a new webhook for a workflow that works is not to be proven');
SELECT o365.pause((SELECT s.subscription_id FROM pg_temp.of_user('bob') AS s)) \g /dev/null
SELECT is(pg_temp.import('bob', '9', ticket => 'bob-1'), 'works', 'nor one for what is paused');
SELECT results_eq($$SELECT s.status, s.webhook_index = o365_internal.blind_index('webhook',
    'https://prod-01.westeurope.logic.azure.com/workflows/1') FROM pg_temp.of_user('bob') AS s$$,
    $$VALUES ('paused', true)$$, 'which stays as it is');
SELECT pg_temp.connect('hal') AS hal \gset
SELECT is(pg_temp.import('hal', '9', ticket => 'hal-1'), 'to_prove', 'a connector that nobody has noticed to be dead');
SELECT results_eq($$SELECT s.subscription_id, s.status, s.dialect FROM pg_temp.of_user('hal') AS s$$,
    format($$VALUES (%s::bigint, 'suspended', 'workflow')$$, :hal), 'has the new webhook at once');
SELECT is(pg_temp.post_code('hal-1', 'r-00000000f005'), 'pending', 'by its link');
SELECT is(pg_temp.type_code('r-00000000f005'), 'connected', 'it is proven');
SELECT results_eq($$SELECT s.subscription_id, s.status FROM pg_temp.of_user('hal') AS s$$,
    format($$VALUES (%s::bigint, 'active')$$, :hal), 'and works');
-- Its user pastes at the same time.
SELECT pg_temp.connect('ida') AS ida \gset
INSERT INTO o365_internal.ticket (ticket_hash, connector_id, app_user, renews, expires_at)
    SELECT sha256('ida'), s.connector_id, 'ida', :ida, now() + interval '1 hour' FROM o365_internal.subscription AS s
     WHERE s.subscription_id = :ida;
INSERT INTO o365_programs.paste (slug, request_id, ticket_hash, cookie_hashes, cookie_hash, webhook_host, webhook_port,
    webhook_url, card)
    VALUES ('desk', 'r-00000000f006', sha256('ida'), ARRAY[sha256('c')]::text, sha256('c'),
        'prod-01.westeurope.logic.azure.com', '443', 'https://prod-01.westeurope.logic.azure.com/workflows/11',
        '{"text": "{code}"}');
SELECT is(pg_temp.import('ida', '11', ticket => 'ida-1'), 'unchanged', 'what its user is proving stays');
SELECT is(pg_temp.import('ida', '11'), 'replaced', 'unless it is imported as active');
SELECT results_eq($$SELECT s.subscription_id, s.status, s.dialect FROM pg_temp.of_user('ida') AS s$$,
    format($$VALUES (%s::bigint, 'active', 'workflow')$$, :ida), 'and the connection has it');
SELECT is(pg_temp.import('lea', '14', ticket => 'lea-1'), 'to_prove', 'a line whose commit was not answered');
SELECT is(pg_temp.import('lea', '14', ticket => 'lea-1'), 'to_prove', 'is imported again with the same link');
SELECT o365.alter_connector('desk', ways => '{button}') \g /dev/null
SELECT throws_ok($$SELECT pg_temp.import('jo', '12', ticket => 'jo-1')$$, '55000', NULL,
    'without the page there is no proof');
SELECT is(pg_temp.import('jo', '12'), 'connected', 'but an active one');
SELECT o365.alter_connector('desk', ways => '{}') \g /dev/null

-- Who still has a connector webhook, and the link.
SELECT pg_temp.connect('kim') AS kim \gset
SELECT set_eq($$SELECT d.subscription_id, d.app_user, d.group_name FROM o365.dead_connectors AS d$$, format($$
    VALUES (%s::bigint, 'kim', 'Sales')$$, :kim), 'dead_connectors has the connections that were not replaced');
SELECT matches((SELECT d.message FROM o365.dead_connectors AS d), 'by which Contoso Helpdesk posted to Sales\.',
    'with words for their users');
SET LOCAL SESSION AUTHORIZATION shop;
SELECT is((SELECT count(*) FROM o365.dead_connectors)::integer, 1, 'the application sees its own');
SELECT o365.renewal_link(:kim) AS link \gset
SELECT matches(:'link'::text, '^https://app\.example\.org/connect/desk/\?ticket=[\w-]{43}$', 'and makes links');
RESET SESSION AUTHORIZATION;
SET LOCAL SESSION AUTHORIZATION stranger;
SELECT is((SELECT count(*) FROM o365.dead_connectors)::integer, 0, 'another application sees none');
SELECT throws_ok(format('SELECT o365.renewal_link(%s)', :kim), '42501', NULL, 'and makes no link');
SELECT throws_ok('SELECT o365.renewal_link(999999)', '42501', NULL, 'nor learns what there is');
RESET SESSION AUTHORIZATION;
SET LOCAL SESSION AUTHORIZATION keeper;
SELECT matches(o365.renewal_link(:kim), 'ticket=', 'an operator makes links for all');
SELECT throws_ok('SELECT o365.renewal_link(999999)', '42704', NULL, 'of connections that are there');
RESET SESSION AUTHORIZATION;
SELECT is(o365_programs.responder_landing('desk', sha256(convert_to(split_part(:'link', '=', 2),
    'UTF8'))) @> '{"ticket": "valid", "renews": {"place": "Sales"}, "account": "kim"}', true,
    'the link leads to the page that takes a new address for the place');
SELECT is(o365_programs.responder_landing('desk',
    sha256(convert_to(split_part(:'link', '=', 2), 'UTF8'))) ->> 'imported', NULL, 'and nothing is to be proven there');
SELECT is((SELECT t.expires_at - now() FROM o365_internal.ticket AS t WHERE t.ticket_hash
    = sha256(convert_to(split_part(:'link', '=', 2), 'UTF8'))), interval '7 days', 'for seven days');
UPDATE o365_internal.subscription SET app_user = NULL WHERE subscription_id = :kim;
SELECT throws_ok(format('SELECT o365.renewal_link(%s)', :kim), '55000', NULL,
    'nobody can renew what was connected without a ticket');
-- A card that leads to renewal.
SELECT pg_temp.connect('rita') AS rita, pg_temp.connect('rita', 2) AS rita_too, pg_temp.connect('sam') AS sam \gset
SET SESSION AUTHORIZATION shop;
SELECT throws_ok(format('SELECT o365.renewal_card(%s)', :rita), '55000', format('subscription %s is active', :rita),
    'a connection that works needs none');
RESET SESSION AUTHORIZATION;
UPDATE o365_internal.subscription SET status = 'gone', group_name = 'Sales *2026*' WHERE subscription_id = :rita;
SET SESSION AUTHORIZATION shop;
SELECT o365.renewal_card(:rita, :rita_too)::text AS card \gset
SELECT is(:'card'::jsonb->>'@type', 'MessageCard', 'for a connector webhook it is a MessageCard');
SELECT matches(:'card'::jsonb #>> '{potentialAction,0,targets,0,uri}',
    '^https://app\.example\.org/connect/desk/\?ticket=[A-Za-z0-9_-]{43}$', 'whose button has a one-time link');
SELECT is(:'card'::jsonb->>'text', 'Contoso Helpdesk cannot post in Sales \*2026\* any more. Press the button to give '
                                   'it a new webhook; what waits is posted then. The link works once, for seven days.',
    'and that says which place');
SELECT is_empty(format('SELECT * FROM o365.check_card(%L, ''connector'')', :'card'), 'nothing is wrong with it');
SELECT is_empty(format('SELECT * FROM o365.check_card(%L, ''workflow'')', :'card'), 'for either kind of webhook');
SELECT isnt(o365.send(:rita_too, :'card'::jsonb), NULL, 'it is sent through another connection of the user');
RESET SESSION AUTHORIZATION;
SELECT is(o365_programs.responder_landing('desk', sha256(convert_to(substring(:'card' FROM 'ticket=([A-Za-z0-9_-]+)'),
    'UTF8'))) #>> '{renews,place}', 'Sales *2026*', 'the link renews that connection');
UPDATE o365_internal.subscription SET dialect = 'workflow' WHERE subscription_id = :rita_too;
SET SESSION AUTHORIZATION shop;
SELECT o365.renewal_card(:rita, :rita_too)::text AS card \gset
SELECT is(:'card'::jsonb->>'type', 'AdaptiveCard', 'for a workflow it is an Adaptive Card');
SELECT is_empty(format('SELECT * FROM o365.check_card(%L, ''workflow'')', :'card'),
    'with which nothing is wrong either');
SELECT throws_ok(format('SELECT o365.renewal_card(%s, %s)', :rita, :sam), '22023', NULL, 'it goes to no other user');
SELECT throws_ok(format('SELECT o365.renewal_card(%s, %1$s)', :rita), '22023', NULL,
    'nor through the connection that does not work');
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION stranger;
SELECT throws_ok(format('SELECT o365.renewal_card(%s)', :rita), '42501', NULL, 'and another application gets none');
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION keeper;
SELECT is(o365.renewal_card(:rita)->>'@type', 'MessageCard', 'an operator gets one of any connection');
RESET SESSION AUTHORIZATION;
SELECT * FROM finish();
ROLLBACK;
