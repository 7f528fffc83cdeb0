-- One webhook in several connections: all of them share its limits, as the far end counts them, in every way that a
-- connection gets a webhook or loses it. Commits, because a claim waits for nobody and skips what somebody has.
\ir fixtures/setup.sql
SELECT no_plan();
\ir fixtures/limits.sql
SELECT o365.register_connector('news', 'Contoso News', pg_temp.logo(), 'brings companies and customers together',
    'Posts news.', 'https://contoso.example', ARRAY['news']), o365.grant_application('postgres', 'news') \g /dev/null
CREATE SEQUENCE pg_temp.n;
-- A workflow that is imported: its user, its webhook, and its number.
CREATE FUNCTION pg_temp.import(app_user text, webhook text, slug text DEFAULT 'desk', place text DEFAULT NULL,
    host text DEFAULT 'prod-01.westeurope.logic.azure.com') RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_line integer := nextval('pg_temp.n');
BEGIN
    INSERT INTO o365_programs.import (line, slug, app_user, group_name, webhook_host, webhook_port, webhook_url,
        dry_run) VALUES (v_line, slug, app_user, place, host, '443', 'https://' || host || '/workflows/' || webhook,
            'false');
    RETURN (SELECT s.subscription_id FROM o365_internal.subscription AS s
             WHERE s.webhook_index = o365_internal.blind_index('webhook',
                                                               'https://' || host || '/workflows/' || webhook)
               AND s.app_user = import.app_user AND s.status <> 'removed'
               AND s.connector_id = (SELECT c.connector_id FROM o365_internal.connector AS c
                                      WHERE c.slug = import.slug));
END $$;
-- A webhook of the Connect page.
CREATE FUNCTION pg_temp.button(app_user text, webhook text, place text DEFAULT 'Sales', slug text DEFAULT 'desk')
    RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_state text := random()::text;
BEGIN
    PERFORM pg_temp.begin(v_state, 'cookie', app_user, slug);
    PERFORM pg_temp.callback(v_state, 'cookie', 'r-' || left(md5(v_state), 12),
        'https://contoso.webhook.office.com/webhookb2/' || webhook, group_name => place, slug => slug);
    RETURN (SELECT a.subscription_id FROM o365_internal.connect_attempt AS a
             WHERE a.request_id = 'r-' || left(md5(v_state), 12));
END $$;
-- Nothing but this lane is due.
CREATE FUNCTION pg_temp.due(s bigint) RETURNS void LANGUAGE sql AS $$
    UPDATE o365_internal.lane AS l SET next_at = CASE WHEN l.subscription_id = s THEN clock_timestamp() END $$;
-- How many POSTs these make, one after the other, until none of them may any more.
CREATE FUNCTION pg_temp.drain_all(VARIADIC lanes bigint[]) RETURNS integer[] LANGUAGE plpgsql AS $$
DECLARE
    v_made integer[] := '{}';
    v_s bigint;
BEGIN
    FOREACH v_s IN ARRAY lanes LOOP
        PERFORM pg_temp.due(v_s);
        v_made := v_made || pg_temp.drain((SELECT min(worker_id) FROM o365_internal.worker), v_s);
    END LOOP;
    RETURN v_made;
END $$;
CREATE FUNCTION pg_temp.pass_all(t interval, VARIADIC lanes bigint[]) RETURNS void LANGUAGE sql AS $$
    SELECT pg_temp.pass(u, t) FROM unnest(lanes) AS u $$;
CREATE FUNCTION pg_temp.send_all(VARIADIC lanes bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_temp.send(u, 40) FROM unnest(lanes) AS u;
END $$;
CREATE FUNCTION pg_temp.groups() RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM o365_internal.quota_group AS g WHERE g.webhook_index IS NOT NULL $$;

-- Two users, two connectors, and one that posted before the others came.
SELECT pg_temp.import('ann', 'w1') AS ann \gset
SELECT pg_temp.send_all(:ann) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.drain_all(:ann), '{25}', 'a flow takes 25 in five minutes');
SELECT is((pg_temp.lane(:ann)).quota_webhook, NULL, 'a webhook that nobody shares has no group');
SELECT pg_temp.import('bob', 'w1') AS bob, pg_temp.import('ann', 'w1', 'news') AS news \gset
SELECT pg_temp.send_all(:bob, :news) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.drain_all(:bob, :news, :ann), '{0,0,0}', 'and no more, whoever else connects it');
SELECT is((SELECT count(DISTINCT l.quota_webhook) FROM o365_internal.lane AS l
            WHERE l.subscription_id IN (:ann, :bob, :news) AND l.quota_webhook > 0), 1::bigint, 'they are one group');
SELECT ok(l.why = 'quota' AND l.not_before > clock_timestamp() + interval '305 s', 'each waits for the window of all')
  FROM pg_temp.lane(:bob) AS l;
SELECT is((SELECT u.used FROM o365.quota_usage(:bob) AS u WHERE u.per = 'bot'), 25, 'o365.quota_usage counts them');
SELECT matches((SELECT q.reason FROM o365.queue AS q WHERE q.subscription_id = :bob),
    '^its quota is used up: at most 25 POSTs in 5 minutes; the next POST is free at [-0-9: ]+; it shares the limits of '
    'its webhook with 2 other connections$', 'the queue says with how many others it shares them');
SELECT o365.send(:bob, '{"text": "x"}') AS card \gset
SELECT matches(array_to_string(ARRAY(SELECT e FROM o365.explain_card(:card) AS e), ' '),
    'shares the limits of its webhook',
    'so does o365.explain_card');
SELECT matches((SELECT f.words FROM o365.forecast(:bob, 1) AS f),
    'if the other connections of its webhook post nothing',
    'and o365.forecast');
SELECT ok(f.first_at > now() + interval '600 s', 'which counts what they posted') FROM o365.forecast(:bob, 1) AS f;
SELECT results_eq($$SELECT h.severity, h."count", h.object FROM o365.health() AS h WHERE h.code = 'webhook_shared'$$,
    format($$VALUES ('warning', 3::bigint, 'subscription %s')$$, :ann), 'health names them while their cards wait');
SELECT pg_temp.pass_all('311 s', :ann, :bob, :news) \g /dev/null
SELECT pg_temp.due(:bob) \g /dev/null
SELECT is(pg_temp.take(:w, :bob), 20, 'later one takes twenty');
SELECT pg_temp.due(:ann) \g /dev/null
SELECT is(pg_temp.take(:w2, :ann), 5, 'and another what is left, by another worker');
SELECT pg_temp.due(:news) \g /dev/null
SELECT is(pg_temp.take(:w, :news), 0, 'and the third nothing');
SELECT pg_temp.report(:w, :bob, 7) \g /dev/null
SELECT pg_temp.due(:news) \g /dev/null
SELECT is(pg_temp.take(:w, :news), 13, 'what a lease did not use is free for all');
SELECT pg_temp.report(:w, :news, 13), pg_temp.report(:w2, :ann, 0) \g /dev/null
SELECT is(pg_temp.drain_all(:ann), '{5}', 'to the last');
-- A worker dies.
SELECT pg_temp.pass_all('311 s', :ann, :bob, :news) \g /dev/null
SELECT pg_temp.due(:ann) \g /dev/null
SELECT pg_temp.take(:w, :ann) \g /dev/null
SELECT pg_temp.pass(:ann, '61 s') \g /dev/null
SELECT is(pg_temp.drain_all(:bob), '{5}', 'what a lease that ended without a report may have posted counts');
SELECT pg_temp.pass_all('371 s', :ann, :bob, :news) \g /dev/null

-- All windows of a connector.
SELECT pg_temp.button('ann', 'c1') AS c_ann, pg_temp.button('bob', 'c1') AS c_bob \gset
SELECT pg_temp.send_all(:c_ann, :c_ann, :c_bob, :c_bob) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
CREATE FUNCTION pg_temp.over(t interval, n integer, a bigint, b bigint) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    v_all integer := 0;
BEGIN
    FOR i IN 1 .. n LOOP
        v_all := v_all + (SELECT sum(u) FROM unnest(CASE WHEN i % 2 = 0 THEN pg_temp.drain_all(a, b)
                                                         ELSE pg_temp.drain_all(b, a) END) AS u);
        PERFORM pg_temp.pass_all(t, a, b);
    END LOOP;
    RETURN v_all;
END $$;
SELECT is(pg_temp.over('1 s', 1, :c_ann, :c_bob), 4, 'two connections post four in a second');
SELECT is(pg_temp.over('1 s', 20, :c_ann, :c_bob), 56, 'sixty in half a minute');
SELECT is(pg_temp.over('2 s', 60, :c_ann, :c_bob), 40, 'and a hundred in an hour');
SELECT is((SELECT u.used FROM o365.quota_usage(:c_ann) AS u WHERE u.seconds = 3600), 100,
    'o365.quota_usage counts them');
SELECT cmp_ok((SELECT min(n) FROM (SELECT count(*) AS n FROM o365_internal.delivery AS d
    WHERE d.subscription_id IN (:c_ann, :c_bob) GROUP BY d.subscription_id) AS x), '>=', 20::bigint,
    'neither takes it all');

-- What one is taught holds for all.
SELECT pg_temp.button('ann', 'c2', 'Two') AS t_ann, pg_temp.button('bob', 'c2', 'Two') AS t_bob \gset
SELECT pg_temp.send_all(:t_ann, :t_bob) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.due(:t_ann) \g /dev/null
SELECT pg_temp.take(:w, :t_ann), pg_temp.report(:w, :t_ann, 1, 'throttled') \g /dev/null
SELECT pg_temp.pass_all('5 s', :t_ann, :t_bob) \g /dev/null
SELECT results_eq(format('SELECT u.limited_to FROM o365.quota_usage(%s) AS u', :t_bob),
    'VALUES (2), (30), (50), (75), (900)', 'a throttle halves the limits of all that share the webhook');
SELECT is(pg_temp.drain_all(:t_bob), '{2}', 'and they are held to that');
SELECT pg_temp.pass_all('5 s', :t_ann, :t_bob) \g /dev/null
SELECT pg_temp.due(:t_bob) \g /dev/null
SELECT pg_temp.take(:w, :t_bob), pg_temp.report(:w, :t_bob, 1, 'throttled') \g /dev/null
SELECT is((SELECT u.limited_to FROM o365.quota_usage(:t_ann) AS u WHERE u.seconds = 30), 15,
    'another one halves again');
SELECT pg_temp.pass_all('2 hours', :t_ann, :t_bob) \g /dev/null
SELECT is((SELECT u.limited_to FROM o365.quota_usage(:t_ann) AS u WHERE u.seconds = 30), 60, 'for as long as it lasts');

-- Removed and connected again; erased and connected again.
SELECT pg_temp.import('eve', 'w2') AS eve \gset
SELECT pg_temp.send_all(:eve) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.drain_all(:eve) \g /dev/null
SELECT o365.remove(:eve) \g /dev/null
SELECT pg_temp.import('eve', 'w2') AS again \gset
SELECT pg_temp.send_all(:again) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.drain_all(:again), '{0}', 'a webhook that was removed and connected again does not begin anew');
SELECT matches((SELECT q.reason FROM o365.queue AS q WHERE q.subscription_id = :again),
    '; what an earlier connection posted to its webhook counts$', 'the queue says so');
SELECT pg_temp.pass_all('200 s', :eve, :again), count(*) FROM o365.erase_user('eve') \g /dev/null
SELECT pg_temp.import('fred', 'w2') AS fred \gset
SELECT pg_temp.send_all(:fred) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.drain_all(:fred), '{0}', 'nor one whose user was erased');
SELECT pg_temp.import('gus', 'w3') AS gus \gset
SELECT pg_temp.send_all(:gus) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.due(:gus) \g /dev/null
SELECT pg_temp.take(:w, :gus), pg_temp.report(:w, :gus, 3, releases => false) \g /dev/null
SELECT count(*) FROM o365.erase_user('gus') \g /dev/null
SELECT is_empty(format('SELECT FROM o365_internal.delivery AS d WHERE d.subscription_id = %s', :gus),
    'the history is gone');
SELECT pg_temp.import('gus', 'w3') AS gus2 \gset
SELECT pg_temp.send_all(:gus2) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.drain_all(:gus2), '{5}', 'what its lease may post counts, too');
SELECT pg_temp.report(:w, :gus, 2) \g /dev/null
SELECT is(pg_temp.drain_all(:gus2), '{0}', 'also when it was given back: what it posted of it nobody knows');
SELECT o365.remove(:again) \g /dev/null
SELECT o365_internal.chore_forget_webhooks() \g /dev/null
SELECT ok(EXISTS (SELECT FROM o365_internal.quota_group AS g
    WHERE g.webhook_index = o365_internal.blind_index('webhook',
        'https://prod-01.westeurope.logic.azure.com/workflows/w3')),
    'the blind index stays as long as a window');
SELECT pg_temp.pass_all('372 s', :eve, :again, :fred, :gus, :gus2) \g /dev/null
SELECT o365_internal.chore_forget_webhooks() \g /dev/null
SELECT is_empty($$SELECT FROM o365_internal.quota_group AS g WHERE g.webhook_index IN (
    SELECT o365_internal.blind_index('webhook', 'https://prod-01.westeurope.logic.azure.com/workflows/' || u)
      FROM unnest('{w2,w3}'::text[]) AS u)$$, 'and no longer');
SELECT is((pg_temp.lane(:gus2)).quota_webhook, NULL, 'whoever is left alone pays nothing any more');
SELECT is(pg_temp.drain_all(:gus2), '{25}', 'and has its own limit');

-- A webhook that is renewed: what went to the old one counts there, and its own history here.
SELECT pg_temp.import('hal', 'w4', place => 'Ops') AS hal \gset
SELECT pg_temp.send_all(:hal) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.drain_all(:hal) \g /dev/null
SELECT pg_temp.import('ida', 'w5') AS ida \gset
SELECT o365_internal.hold(:hal, 'suspended', 'x') FROM o365_internal.lock_subscription(:hal) \g /dev/null
SELECT is(pg_temp.import('hal', 'w5', place => 'Ops'), :hal::bigint, 'an import replaces the webhook of a place');
SELECT pg_temp.send_all(:ida) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.drain_all(:ida), '{25}', 'what went to the webhook of before is not counted for its new one');
SELECT is(pg_temp.drain_all(:hal), '{0}', 'where both share what the other posts');
SELECT pg_temp.import('jon', 'w4') AS jon \gset
SELECT pg_temp.send_all(:jon) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.drain_all(:jon), '{0}', 'whoever connects the one of before is held to what went there');
SELECT pg_temp.pass_all('311 s', :hal, :ida, :jon) \g /dev/null
SELECT pg_temp.send_all(:hal) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.drain_all(:hal, :ida, :jon), '{25,0,25}', 'later each webhook takes its own');
-- By the button, for the same place: it is asked about, and confirmed.
SELECT pg_temp.button('kim', 'c3') AS kim, pg_temp.button('lou', 'c4') AS lou \gset
SELECT pg_temp.send_all(:kim, :lou) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.drain_all(:kim, :lou), '{4,4}', 'two webhooks of two users');
SELECT pg_temp.button('kim', 'c4') AS pending \gset
SELECT s.replaces AS replaces FROM o365_internal.subscription AS s WHERE s.subscription_id = :pending \gset
SELECT is(:replaces::bigint, :kim::bigint, 'one gets the other''s, in place of its own');
SELECT o365_internal.replace_webhook(o365_internal.lock_subscription(:kim), o365_internal.lock_subscription(:pending))
    \g /dev/null
SELECT pg_temp.pass_all('1 s', :kim, :lou) \g /dev/null
SELECT is(pg_temp.drain_all(:lou, :kim), '{4,0}', 'and shares its limits from then on');
-- A user gets the connections of another.
SELECT pg_temp.pass_all('1 s', :kim, :lou), count(*) FROM o365.move_connections('lou', 'mia') \g /dev/null
SELECT is(pg_temp.drain_all(:kim, :lou), '{4,0}', 'whoever the users are');

-- Pasted: the card with the code counts, before and after it was typed.
CREATE FUNCTION pg_temp.paste(app_user text, webhook text, renews bigint DEFAULT NULL) RETURNS bigint
    LANGUAGE plpgsql AS $$
DECLARE
    v_ticket text := o365_internal.random_token();
    v_request text := 'r-' || left(md5(random()::text), 12);
    v_host text := 'prod-01.westeurope.logic.azure.com';
BEGIN
    INSERT INTO o365_internal.ticket (ticket_hash, connector_id, app_user, renews, expires_at)
        SELECT sha256(v_ticket::bytea), c.connector_id, app_user, paste.renews, now() + interval '1 hour'
          FROM o365_internal.connector AS c WHERE c.slug = 'desk';
    INSERT INTO o365_programs.paste (slug, request_id, ticket_hash, cookie_hashes, cookie_hash, webhook_host,
        webhook_port, webhook_url, place, card)
        VALUES ('desk', v_request, sha256(v_ticket::bytea), ARRAY[sha256('c')]::text, sha256('c'), v_host, '443',
            'https://' || v_host || '/workflows/' || webhook, 'Ops',
            '{"type": "AdaptiveCard", "version": "1.2", '
            '"body": [{"type": "TextBlock", "text": "{connector}: {code}"}]}');
    RETURN (SELECT a.subscription_id FROM o365_internal.connect_attempt AS a WHERE a.request_id = v_request);
END $$;
CREATE FUNCTION pg_temp.prove(s bigint) RETURNS void LANGUAGE sql AS $$
    SELECT o365_internal.prove(a.attempt_id) FROM o365_internal.connect_attempt AS a WHERE a.subscription_id = s $$;
SELECT pg_temp.paste('nat', 'w6') AS nat \gset
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.due(:nat) \g /dev/null
SELECT pg_temp.take(:w, :nat), pg_temp.report(:w, :nat, 1) \g /dev/null
SELECT pg_temp.import('oli', 'w6') AS oli \gset
SELECT pg_temp.send_all(:oli) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.drain_all(:oli), '{24}', 'a card with a code is a POST of its webhook');
SELECT pg_temp.prove(:nat), pg_temp.send_all(:nat) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.drain_all(:nat), '{0}', 'proven, it shares its limits');
SELECT pg_temp.import('pat', 'w7', place => 'Ops') AS pat \gset
SELECT pg_temp.paste('pat', 'w6', :pat) AS pending \gset
SELECT pg_temp.pass_all('311 s', :nat, :oli, :pat) \g /dev/null
SELECT pg_temp.prove(:pending), pg_temp.send_all(:pat, :oli) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is((SELECT s.status FROM o365_internal.subscription AS s WHERE s.subscription_id = :pending), 'removed',
    'a pasted one that replaces another ends');
SELECT is(pg_temp.drain_all(:pat, :oli), '{25,0}', 'and the other has its webhook and shares its limits');

-- Another dialect, a restored database, a bot, limits that are off.
SELECT pg_temp.pass_all('311 s', :oli, :nat, :pat) \g /dev/null
SELECT o365.share_quota('olaf', ARRAY[:oli, :ida]::bigint[]) \g /dev/null
SELECT pg_temp.pass_all('311 s', :ida, :hal), pg_temp.send_all(:ida, :oli) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.drain_all(:ida, :oli, :nat), '{25,0,0}',
    'flows of a bot share its limit, and so does whoever connects one of them');
SELECT pg_temp.import('sue', 'w6') AS sue \gset
SELECT pg_temp.send_all(:sue) \g /dev/null
SELECT is(pg_temp.drain_all(:sue), '{0}', 'also later');
SELECT results_eq($$SELECT e.actor, e.detail, e.reason FROM o365.events AS e WHERE e.object = 'quota group olaf'
    ORDER BY e.event_id DESC LIMIT 1$$, format($$VALUES ('worker', %L,
        'subscription %s has the webhook of a flow of this group')$$,
    (SELECT string_agg(u::text, ', ' ORDER BY u) FROM unnest(ARRAY[:hal, :ida, :nat, :oli, :pat, :sue]) AS u), :sue),
    'which is an event that names all of them');
SELECT o365.remove(:sue) \g /dev/null
SELECT pg_temp.pass_all('311 s', :ida, :oli, :nat), pg_temp.send_all(:nat, :oli) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.drain_all(:nat, :oli), '{25,0}', 'each of both holds it');
SELECT is((SELECT u.used FROM o365.quota_usage(:oli) AS u WHERE u.per = 'bot'), 25, 'and is counted once');
SELECT o365.share_quota('olaf', '{}'), pg_temp.pass_all('311 s', :oli, :nat, :pat, :ida) \g /dev/null
SELECT o365.set_quota_policy(:nat, 'off'), pg_temp.send_all(:nat, :oli) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT pg_temp.due(:nat) \g /dev/null
SELECT is(pg_temp.take(:w, :nat), 20, 'one whose limits are off posts as it likes');
SELECT pg_temp.report(:w, :nat, 20) \g /dev/null
SELECT is(pg_temp.drain_all(:oli), '{5}', 'and the others are held to what it posted');
SELECT o365.set_quota_policy(:nat, 'kept') \g /dev/null
BEGIN;
UPDATE o365_internal.lane AS l SET quota_webhook = 0 WHERE l.subscription_id IN (:oli, :nat, :pat);
SELECT pg_temp.pass_all('311 s', :oli, :nat, :pat) \g /dev/null
SELECT is(pg_temp.drain_all(:oli, :nat), '{25,0}', 'lanes of before version 32 find each other at the next claim');
ROLLBACK;
-- A host that was listed for the wrong dialect: what is renewed after the correction is of another group.
SELECT o365.allow_webhook_host('workflow', 'flows.example.org') \g /dev/null
SELECT pg_temp.import('quin', 'w8', host => 'flows.example.org') AS quin,
       pg_temp.import('rae', 'w8', host => 'flows.example.org') AS rae \gset
SELECT pg_temp.send_all(:quin, :rae) \g /dev/null
SELECT o365_programs.worker_feed() \g /dev/null
SELECT is(pg_temp.drain_all(:quin, :rae), '{25,0}', 'two of one dialect share their webhook');
SELECT o365.forbid_webhook_host('flows.example.org', suspends => 2),
       o365.allow_webhook_host('connector', 'flows.example.org')
    \g /dev/null
BEGIN;
SELECT s AS old FROM o365_internal.lock_subscription(:rae) AS s \gset
UPDATE o365_internal.subscription SET dialect = 'connector', status = 'active' WHERE subscription_id = :rae;
SELECT o365_internal.move_lane(:'old', 'flows.example.org'), o365_internal.wake(:rae) \g /dev/null
COMMIT;
SELECT is(pg_temp.drain_all(:rae), '{4}', 'renewed under another dialect it has the limits of that');
SELECT is((pg_temp.lane(:rae)).quota_webhook, NULL, 'and shares them with nobody');
-- A restored database has its lanes, and its groups.
SELECT pg_temp.pass_all('311 s', :oli, :nat, :pat), pg_temp.send_all(:oli, :nat) \g /dev/null
SELECT o365_programs.worker_feed(), pg_temp.due(:oli) \g /dev/null
SELECT pg_temp.take(:w, :oli) \g /dev/null
UPDATE o365_internal.fed SET cluster = 1 WHERE n = (SELECT max(n) FROM o365_internal.fed);
SELECT o365_programs.worker_heartbeat(:w, 'production') \g /dev/null
SELECT o365.this_is('production') \g /dev/null
SELECT o365_programs.worker_feed() FROM generate_series(1, 3) \g /dev/null
SELECT is_empty('SELECT FROM o365_internal.feeding_again', 'a restored database is handed over anew');
SELECT is(pg_temp.drain_all(:nat), '{5}', 'what a lease may have posted before the backup counts');
SELECT * FROM finish();
