-- Token profiles and the keys that sign: who may change them, when workers fetch, which keys count, what health says.
\ir fixtures/setup.sql
BEGIN;
SELECT no_plan();
CREATE FUNCTION pg_temp.kids(profile text) RETURNS text LANGUAGE sql AS $$
    SELECT (SELECT string_agg(k ->> 'kid', ' ' ORDER BY k ->> 'kid') FROM jsonb_array_elements(p -> 'keys') AS k)
      FROM jsonb_array_elements(o365_programs.responder_token_profiles()) AS p WHERE p ->> 'name' = profile $$;
CREATE FUNCTION pg_temp.due() RETURNS text[] LANGUAGE sql AS $$
    SELECT coalesce(array_agg(f.profile ORDER BY f.profile), '{}')
      FROM o365_programs.worker_signing_key_fetches() AS f $$;
CREATE FUNCTION pg_temp.later(how_long interval) RETURNS void LANGUAGE sql AS $$
    UPDATE o365_internal.token_profile SET tried_at = tried_at - how_long, fetched_at = fetched_at - how_long,
        failing_since = failing_since - how_long, asked_at = asked_at - how_long;
    UPDATE o365_internal.signing_key SET first_seen_at = first_seen_at - how_long,
        last_seen_at = last_seen_at - how_long $$;
CREATE FUNCTION pg_temp.found() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('%s %s: %s: %s', h.severity, h.code, h.object, h.problem) FROM o365.health() AS h
     WHERE h.code ~ '^signing_keys' $$;
CREATE FUNCTION pg_temp.fetched(profile text, found jsonb) RETURNS text LANGUAGE sql AS $$
    SELECT o365_programs.worker_signing_keys_fetched(profile, p.metadata_url, found, NULL) FROM o365.token_profiles AS p
     WHERE p.name = profile $$;
CREATE FUNCTION pg_temp.failed(profile text, why text) RETURNS text LANGUAGE sql AS $$
    SELECT o365_programs.worker_signing_keys_fetched(profile, p.metadata_url, NULL, why) FROM o365.token_profiles AS p
     WHERE p.name = profile $$;
\set one '[{"kid": "one", "n": "n1", "e": "AQAB", "issuer": ""}]'
\set two '[{"kid": "two", "n": "n2", "e": "AQAB", "issuer": "https://login.microsoftonline.com/{tenantid}/v2.0"}]'

-- Profiles.
SELECT results_eq('SELECT name, enabled, presser_claim FROM o365.token_profiles', $$VALUES ('entra', true, 'oid'),
    ('legacy', false, 'sub')$$, 'Entra comes first and is on; the legacy issuer, which ended on 8 June 2026, is off');
SELECT is((SELECT string_agg(p ->> 'name', ' ') FROM jsonb_array_elements(
    o365_programs.responder_token_profiles()) AS p), 'entra', 'the responder is told of profiles that are on');
SELECT is(o365.set_token_profile('legacy', enabled => true, reason => 'old mail'), 'on', 'a profile is switched on');
SELECT is((SELECT string_agg(p ->> 'name', ' ')
    FROM jsonb_array_elements(o365_programs.responder_token_profiles()) AS p), 'entra legacy', 'in its place');
SELECT is((SELECT e.kind || ' ' || e.actor || ' ' || e.object || ' ' || e.detail || ': ' || e.reason
    FROM o365.events AS e ORDER BY e.event_id DESC LIMIT 1), 'token_profile_changed operator legacy on: old mail',
    'which is an event');
SELECT is(o365.set_token_profile('legacy', enabled => true), 'on', 'what changes nothing');
SELECT is((SELECT count(*) FROM o365.events AS e WHERE e.kind = 'token_profile_changed'), 1::bigint, 'is none');
SELECT is(o365.set_token_profile('legacy', enabled => false), 'off', 'and off again');
SELECT throws_ok($$SELECT o365.set_token_profile('own', true)$$, '22023', 'token profile ''own'' cannot be stored',
    'a new profile needs its values');
SELECT throws_ok($$SELECT o365.set_token_profile('Own', true)$$, '22023', 'token profile ''Own'' cannot be named so',
    'and a name');
SELECT is(o365.set_token_profile('own', metadata_url => 'https://keys.example.org/metadata',
    hosts => '{keys.example.org}',
    issuers => ARRAY['https://keys.example.org/{tid}'], audiences => ARRAY['{origin}'], client_ids => '{app}'), 'off',
    'a new profile is off until somebody switches it on');
CREATE TEMP TABLE wrong (arguments text, problem text);
INSERT INTO wrong VALUES
    ($$metadata_url => 'http://keys.example.org/metadata'$$, 'metadata_url must be an https address with a path'),
    ($$metadata_url => 'https://user@keys.example.org/metadata'$$, 'metadata_url must be an https address with a path'),
    ($$metadata_url => 'https://other.example.org/metadata'$$,
        'hosts must name other.example.org, where metadata_url is'),
    ($$metadata_url => 'https://keys.example.org:444/metadata'$$,
        'hosts must name keys.example.org:444, where metadata_url is'),
    ($$hosts => '{KEYS.example.org,keys.example.org}'$$,
        'hosts are names in small letters, with a port unless it is 443'),
    ($$hosts => '{}'$$,
        E'hosts must be a list of 1 to 20 words\nhosts must name keys.example.org, where metadata_url is'),
    ($$issuers => '{http://keys.example.org/}'$$, 'issuers begin with https:// and have no placeholder but {tid}'),
    ($$issuers => ARRAY['https://keys.example.org/{tenantid}']$$,
        'issuers begin with https:// and have no placeholder but {tid}'),
    ($$audiences => ARRAY['{tid}']$$, 'audiences have no placeholder but {app_id} or {origin}'),
    ($$audiences => ARRAY['{app_id}{origin}']$$, 'audiences have no placeholder but {app_id} or {origin}'),
    ($$audiences => ARRAY[NULL]::text[]$$, 'audiences must be a list of 1 to 20 words'),
    ($$client_claims => ARRAY[ARRAY['azp', 'oid']]$$, 'client_claims must be a list of 1 to 20 words'),
    ($$name_claims => ARRAY[ARRAY['name'], ARRAY['upn']]$$, 'name_claims must be a list of 0 to 20 words'),
    ($$client_ids => ARRAY['two words']$$, 'client_ids must be a list of 1 to 20 words'),
    ($$presser_claim => 'o id'$$, 'claims are names in small letters, such as azp, oid or sub'),
    ($$scope => 'two words'$$, 'scope must be one word'),
    ($$clock_skew => '1 hour'$$, 'clock_skew must be between 0 and 15 minutes'),
    ($$clock_skew => '-1 second'$$, 'clock_skew must be between 0 and 15 minutes'),
    ($$keep_keys => '31 days'$$, 'keep_keys must be between 0 and 30 days');
CREATE FUNCTION pg_temp.detail(arguments text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_detail text;
BEGIN
    EXECUTE format('SELECT o365.set_token_profile(''own'', %s)', arguments);
    RETURN 'taken';
EXCEPTION WHEN invalid_parameter_value THEN
    GET STACKED DIAGNOSTICS v_detail = PG_EXCEPTION_DETAIL;
    RETURN v_detail;
END $$;
SELECT is(pg_temp.detail(w.arguments), w.problem, w.arguments) FROM wrong AS w;

-- When keys are fetched.
SELECT is(pg_temp.due(), '{}', 'nothing is fetched where no connector webhook ever was, and nobody asked');
SELECT ok(o365_programs.responder_ask_for_keys('entra'), 'a token with an unknown key asks for keys');
SELECT ok(NOT o365_programs.responder_ask_for_keys('entra'), 'once a minute');
SELECT ok(NOT o365_programs.responder_ask_for_keys('legacy'), 'never of a profile that is off');
SELECT ok(NOT o365_programs.responder_ask_for_keys('nobody'), 'nor of one that there is not');
SELECT is(pg_temp.due(), '{entra}', 'then they are fetched');
SELECT is(pg_temp.due(), '{}', 'by one worker');
SELECT is(pg_temp.fetched('entra', :'one'), 'fetched the signing keys of entra: 1, 1 new, 0 forgotten', 'and stored');
SELECT is(pg_temp.kids('entra'), 'one', 'the responder has them');
SELECT pg_temp.later('2 minutes') \g /dev/null
SELECT is(pg_temp.due(), '{}', 'and are not fetched again');
SELECT o365_programs.responder_ask_for_keys('entra') \g /dev/null
SELECT is(pg_temp.due(), '{entra}', 'until a token names one that is not known');
SELECT is(pg_temp.fetched('entra', :'one'), '', 'which may change nothing');
SELECT pg_temp.later('23 hours 58 minutes') \g /dev/null
SELECT is(pg_temp.due(), '{}', 'not within signing_key_hours');
SELECT pg_temp.later('3 minutes') \g /dev/null
SELECT is(pg_temp.due(), '{entra}', 'or until signing_key_hours have passed');

-- Which keys count.
SELECT is(pg_temp.fetched('entra', :'two'), 'fetched the signing keys of entra: 1, 1 new, 1 forgotten',
    'a key that has left the set for keep_keys is forgotten');
SELECT is(pg_temp.kids('entra'), 'two', 'and counts no more');
SELECT o365.set_token_profile('entra', keep_keys => '2 days') \g /dev/null
SELECT pg_temp.later('25 hours') \g /dev/null
SELECT pg_temp.fetched('entra', :'one') \g /dev/null
SELECT is(pg_temp.kids('entra'), 'one two', 'one that has left it since counts as long as the profile says');
SELECT pg_temp.later('300 hours') \g /dev/null
SELECT is(pg_temp.kids('entra'), 'one two', 'while nobody fetches, keys stay what they are');
SELECT is(ARRAY(SELECT pg_temp.found()), ARRAY[format(
    'warning signing_keys_old: token profile entra: its signing keys were last fetched at %s, and no worker does it',
    to_char(now() - interval '300 hours', 'YYYY-MM-DD HH24:MI'))], 'which health says');
SELECT is(pg_temp.failed('entra', 'no address'), 'could not fetch the signing keys of entra: no address',
    'a fetch that fails');
SELECT is(pg_temp.kids('entra'), 'one two', 'leaves them too');
SELECT pg_temp.later('1 minute') \g /dev/null
SELECT is(pg_temp.due(), '{entra}', 'and is tried again after a minute');
SELECT pg_temp.later('2 hours') \g /dev/null
SELECT is(ARRAY(SELECT pg_temp.found()), ARRAY[format('warning signing_keys_old: token profile entra: its signing keys '
                                                      'were last fetched at %s; it fails since %s: no address',
    to_char(now() - interval '302 hours 1 minute', 'YYYY-MM-DD HH24:MI'),
    to_char(now() - interval '2 hours 1 minute', 'YYYY-MM-DD HH24:MI'))], 'health says since when it fails, and why');
SELECT is(o365_programs.worker_signing_keys_fetched('entra', 'https://elsewhere.example.org/', :'two', NULL),
    'keys of entra are no longer wanted from there',
    'keys that were fetched from where the profile pointed before are not stored');
SELECT pg_temp.fetched('entra', :'two') \g /dev/null
SELECT is(ARRAY(SELECT pg_temp.found()), '{}', 'health is clean once they are fetched');

-- Another place, other keys.
SELECT o365.set_token_profile('entra',
    metadata_url =>
        'https://login.microsoftonline.com/organizations/v2.0/.well-known/openid-configuration') \g /dev/null
SELECT is(pg_temp.kids('entra'), NULL, 'keys of another place do not count for the new one');
SELECT is(pg_temp.due(), '{entra}', 'whose keys are fetched at once');
SELECT pg_temp.failed('entra', 'HTTP 500') \g /dev/null
SELECT is(ARRAY(SELECT pg_temp.found()), '{}', 'a profile without keys has two minutes');
SELECT pg_temp.later('3 minutes') \g /dev/null
SELECT is(ARRAY(SELECT pg_temp.found()),
    ARRAY['error signing_keys_missing: token profile entra: there are no keys to check the signatures of card actions '
    'with, so every press is answered with 503; fetching them fails: HTTP 500'],
    'then health says that every press fails');
SELECT o365.set_token_profile('entra', enabled => false) \g /dev/null
SELECT is(ARRAY(SELECT pg_temp.found()), '{}', 'but not of a profile that is off');
SELECT is(pg_temp.due(), '{}', 'whose keys nobody fetches');

-- A connector's webhook is where signed actions come from.
SELECT o365.set_token_profile('entra', enabled => true) \g /dev/null
UPDATE o365_internal.token_profile SET asked_at = NULL, tried_at = NULL;
SELECT is(pg_temp.due(), '{}', 'without one, and without a token, nothing is fetched');
INSERT INTO o365_internal.host (name) VALUES ('*.webhook.office.com');
SELECT is(pg_temp.due(), '{entra}', 'with one, keys are there before the first press');

-- No worker does it.
SELECT pg_temp.connect('kim') AS kim \gset
SELECT o365.send(:kim,
    '{"text": "t", "potentialAction": [{"@type": "HttpPOST", "name": "Close", "target": "o365:action"}]}') AS card \gset
UPDATE o365_internal.token_profile SET tried_at = NULL, changed_at = NULL, failing_since = NULL, problem = NULL;
SELECT is(ARRAY(SELECT pg_temp.found()), '{}',
    'where a card with such a button was just sent, a worker has two minutes');
UPDATE o365_internal.card_action SET at = now() - interval '3 minutes';
SELECT is(ARRAY(SELECT pg_temp.found()),
    ARRAY['error signing_keys_missing: token profile entra: there are no keys to check the signatures of card actions '
    'with, so every press is answered with 503: no worker has ever tried to fetch them'],
    'then health says that none has tried');
SELECT is((SELECT h.example FROM o365_internal.health_signing_keys_missing() AS h), 'card ' || :card,
    'and names a card');
UPDATE o365_internal.token_profile SET changed_at = now();
SELECT is(ARRAY(SELECT pg_temp.found()), '{}', 'a profile that was just changed has them too');
UPDATE o365_internal.token_profile SET changed_at = NULL, tried_at = now() - interval '3 minutes';
SELECT is(ARRAY(SELECT pg_temp.found()), ARRAY[
    format('error signing_keys_missing: token profile entra: there are no keys to check the signatures of card actions '
    'with, so every press is answered with 503: a worker began to fetch them at %s, and none has reported the '
    'result', to_char(now() - interval '3 minutes', 'YYYY-MM-DD HH24:MI'))],
    'so it does of a worker that died over it');
UPDATE o365_internal.subscription SET dialect = 'workflow' WHERE subscription_id = :kim;
SELECT is(ARRAY(SELECT pg_temp.found()), '{}', 'buttons of a workflow''s card are pressed on a page');
UPDATE o365_internal.subscription SET dialect = 'connector' WHERE subscription_id = :kim;
DELETE FROM o365_internal.card_action;
SELECT is(ARRAY(SELECT pg_temp.found()), '{}', 'without such a card nobody needs keys');

-- Who pressed. pg_temp.connect brings the id object-1.
SELECT pg_temp.connect('ann') AS ann \gset
SELECT is(o365_internal.is_connecting_user(:ann, 'object-1'), true,
    'the user who connected is known by the directory object id');
SELECT is(o365_internal.is_connecting_user(:ann, 'OBJECT-1'), true, 'in whatever case the token writes it');
SELECT is(o365_internal.is_connecting_user(:ann, 'object-2'), false, 'another one is somebody else');
SELECT is(o365_internal.is_connecting_user(:ann, ''), false, 'and so is none');
SELECT is(o365_internal.is_connecting_user(:ann, NULL), NULL, 'without an id it is not known');
SELECT is(o365_internal.is_connecting_user(0, 'object-1'), NULL, 'nor of a connection that there is not');
UPDATE o365_internal.subscription SET user_index = NULL WHERE subscription_id = :ann;
SELECT is(o365_internal.is_connecting_user(:ann, 'object-1'), NULL, 'nor of one whose user is not known');
SELECT * FROM finish();
ROLLBACK;
