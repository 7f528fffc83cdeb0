-- Functions that change something take a reason, and o365.events shows it.
\ir fixtures/setup.sql
BEGIN;
SELECT no_plan();
SELECT pg_temp.connect('ann') AS ann, pg_temp.connect('bob') AS bob \gset
-- What writes an event, by what it calls: of the functions of o365 each takes a reason, the last of its parameters.
CREATE TEMP VIEW writes AS
    WITH RECURSIVE f AS (
        SELECT (p.pronamespace::regnamespace || '.' || p.proname) COLLATE "default" AS name, p.proargnames,
               regexp_replace(regexp_replace(p.prosrc, '--[^\n]*', '', 'g'), '''[^'']*''', '', 'g') AS code
          FROM pg_proc AS p WHERE p.pronamespace IN ('o365'::regnamespace, 'o365_internal'::regnamespace)),
    calls AS (
        SELECT DISTINCT f.name AS caller, m[1] COLLATE "default" AS callee
          FROM f, LATERAL regexp_matches(f.code, '(o365(?:_internal)?\.[a-z_0-9]+)\(', 'g') AS m),
    reached AS (
        SELECT 'o365_internal.note_event' AS name UNION SELECT c.caller FROM reached AS r JOIN calls AS c
            ON c.callee = r.name)
    SELECT DISTINCT f.name, 'reason' = ANY (f.proargnames) AS takes_reason
      FROM reached AS r JOIN f ON f.name = r.name WHERE f.name LIKE 'o365.%';
SELECT results_eq('SELECT w.name FROM writes AS w WHERE NOT w.takes_reason ORDER BY 1',
    $$VALUES ('o365.send_test')$$, 'but for a test card, which says what it is for');
SELECT cmp_ok((SELECT count(*) FROM writes AS w WHERE w.takes_reason), '>=', 20::bigint, 'the search finds the others');

CREATE FUNCTION pg_temp.why() RETURNS text LANGUAGE sql AS $$
    SELECT e.kind || ': ' || coalesce(e.reason, 'nobody said') FROM o365.events AS e
     ORDER BY e.event_id DESC LIMIT 1 $$;
SET LOCAL SESSION AUTHORIZATION keeper;
-- By place, the last one, and with what surrounds it taken off.
SELECT o365.set('action_days', '8', E' more\nroom ') \g /dev/null
SELECT is(pg_temp.why(), 'setting_changed: more room', 'o365.set');
SELECT o365.set('action_days', '9') \g /dev/null
SELECT is(pg_temp.why(), 'setting_changed: nobody said', 'nobody has to say');
SELECT o365.this_is('staging', 'a rehearsal') \g /dev/null
SELECT is(pg_temp.why(), 'setting_changed: a rehearsal', 'o365.this_is');
SELECT o365.allow_webhook_host('workflow', 'flows.example.org', reason => 'our bridge') \g /dev/null
SELECT is(pg_temp.why(), 'host_allowed: our bridge', 'o365.allow_webhook_host');
SELECT o365.forbid_webhook_host('flows.example.org', reason => 'it is gone') \g /dev/null
SELECT is(pg_temp.why(), 'host_forbidden: it is gone', 'o365.forbid_webhook_host');
SELECT o365.grant_application('stranger', 'desk', 'they pay') \g /dev/null
SELECT is(pg_temp.why(), 'application_granted: they pay', 'o365.grant_application');
SELECT o365.revoke_application('stranger', 'desk', 'they do not') \g /dev/null
SELECT is(pg_temp.why(), 'application_revoked: they do not', 'o365.revoke_application');
SELECT o365.alter_connector('desk', max_age => '2 days', reason => 'stale news') \g /dev/null
SELECT is(pg_temp.why(), 'connector_registered: stale news', 'o365.alter_connector');
SELECT o365.register_connector('trial', 'A trial', pg_temp.logo(), 'short', 'long', 'https://contoso.example',
    '{one}', reason => 'to see') \g /dev/null
SELECT is(pg_temp.why(), 'connector_registered: to see', 'o365.register_connector');
SELECT o365.remove_connector('trial', false, 'seen') \g /dev/null
SELECT is(pg_temp.why(), 'connector_removed: seen', 'o365.remove_connector');
SELECT o365.set_in_doubt_policy(:ann, 'skip', 'rather none') \g /dev/null
SELECT is(pg_temp.why(), 'changed: rather none', 'o365.set_in_doubt_policy');
SELECT o365.set_extra(:ann, '{"recipient": "ann"}', 'one flow for all') \g /dev/null
SELECT is(pg_temp.why(), 'changed: one flow for all', 'o365.set_extra');
SELECT o365.manage_link(:ann) \g /dev/null
SELECT o365.revoke_manage_links(:ann, 'lost') \g /dev/null
SELECT is(pg_temp.why(), 'changed: lost', 'o365.revoke_manage_links, which had no event');
SELECT is((SELECT e.detail FROM o365.events AS e ORDER BY e.event_id DESC LIMIT 1), 'links', 'nor a detail');
SELECT o365.revoke_manage_links(:ann, 'again') \g /dev/null
SELECT is(pg_temp.why(), 'changed: lost', 'and has none where there was nothing to end');
SELECT o365.move_connections('ann', 'carl', 'married') \g /dev/null
SELECT is(pg_temp.why(), 'moved: married', 'o365.move_connections');
RESET SESSION AUTHORIZATION;
INSERT INTO o365_internal.dead_card (card_id, subscription_id, outcome, card)
    SELECT i, :bob, 'dead', '{"text": "1"}' FROM generate_series(1, 2) AS i;
INSERT INTO o365_internal.delivery (card_id, subscription_id, outcome, enqueued_at)
    SELECT i, :bob, 'dead', now() FROM generate_series(1, 2) AS i;
SET LOCAL SESSION AUTHORIZATION keeper;
SELECT o365.retry_card(1, 'it works again') \g /dev/null
SELECT is(pg_temp.why(), 'card_retried: it works again', 'o365.retry_card');
SELECT o365.retry_dead('desk', now() - interval '1 day', 'dead', 'all of them') \g /dev/null
SELECT is(pg_temp.why(), 'card_retried: all of them', 'o365.retry_dead');
SELECT o365.erase_user('bob', 'asked by mail') \g /dev/null
SELECT is(pg_temp.why(), 'user_erased: asked by mail', 'o365.erase_user');
RESET SESSION AUTHORIZATION;
SET LOCAL SESSION AUTHORIZATION shop;
SELECT o365.on_connector_action('desk', 'x', 'Noted.', reason => repeat('x', 600)) \g /dev/null
SELECT is(length(pg_temp.why()), 509, 'a reason has at most 500 characters');
RESET SESSION AUTHORIZATION;
SELECT o365.remove_connector('desk', true, 'the end') \g /dev/null
SELECT is((SELECT s.status_reason FROM o365.subscriptions AS s WHERE s.subscription_id = :ann),
    'its connector was removed: the end', 'connections that go with their connector say so');
SELECT * FROM finish();
ROLLBACK;
