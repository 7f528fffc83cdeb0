-- Callbacks that come together (o365_programs.callbacks): each ends as it would alone, whatever comes beside it.
\ir fixtures/setup.sql
BEGIN;
SELECT no_plan();
-- What a connection is made of, without what is random or a number.
CREATE FUNCTION pg_temp.made(name text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT jsonb_build_object(
        'attempt', to_jsonb(a) - ARRAY['attempt_id', 'public_id', 'ticket_hash', 'state_hash', 'request_id', 'app_user',
            'started_at', 'expires_at', 'subscription_id'],
        'ticket', (SELECT jsonb_build_object('used', t.used_at, 'mine', t.attempt_id = a.attempt_id)
                     FROM o365_internal.ticket AS t WHERE t.ticket_hash = a.ticket_hash),
        'subscription', to_jsonb(s) - ARRAY['subscription_id', 'app_user', 'sealed', 'webhook_index', 'user_index',
            'group_name', 'label'],
        'label', replace(s.label, name, '*'), 'group', replace(s.group_name, name, '*'),
        'webhook', s.webhook_index = o365_internal.blind_index('webhook',
            'https://contoso.webhook.office.com/webhookb2/' || name),
        'user', s.user_index = o365_internal.blind_index('user_object_id', 'object-' || name),
        'lane', (SELECT to_jsonb(l) - 'subscription_id' FROM o365_internal.lane AS l
                  WHERE l.subscription_id = s.subscription_id),
        'events', (SELECT jsonb_agg(to_jsonb(e) - ARRAY['event_id', 'at', 'subscription_id'])
                     FROM o365_internal.event AS e WHERE e.subscription_id = s.subscription_id),
        'untaken', (SELECT count(*) FROM o365_internal.untaken_event AS u JOIN o365_internal.event AS e
                        ON e.event_id = u.event_id AND e.at = u.at AND e.connector_id = u.connector_id
                     WHERE e.subscription_id = s.subscription_id))
      FROM o365_internal.connect_attempt AS a
      JOIN o365_internal.subscription AS s ON s.subscription_id = a.subscription_id
     WHERE a.request_id = name $$;
CREATE FUNCTION pg_temp.sealed(name text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT (o365_internal.pgp_pub_decrypt(s.sealed, o365_internal.dearmor(current_setting('test.secret_key')))::jsonb
               || jsonb_build_object('is_own_id', s.subscription_id)) #- '{purpose}'
      FROM o365_internal.connect_attempt AS a
      JOIN o365_internal.subscription AS s ON s.subscription_id = a.subscription_id
     WHERE a.request_id = name $$;
SELECT set_config('test.secret_key', :'secret_key', false) \g /dev/null
-- Each of a user of its own.
CREATE FUNCTION pg_temp.begin_all(VARIADIC names text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_temp.begin(u.name, 'cookie', 'user-' || u.name) FROM unnest(names) AS u (name);
    UPDATE o365_internal.ticket AS t SET label = 'label of ' || u.name, extra = '{"a": 1}'
      FROM unnest(names) AS u (name) WHERE t.app_user = 'user-' || u.name;
END $$;
CREATE FUNCTION pg_temp.count_of(name text) RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM o365_internal.subscription AS s
     WHERE s.app_user = 'user-' || name AND s.status <> 'removed' $$;

-- The same as alone, column by column.
SELECT pg_temp.begin_all('alone', 'two', 'three', 'four') \g /dev/null
UPDATE o365_internal.connect_attempt SET schedule = 'hourly', app_state = '{"b": 2}',
    return_url = 'https://app.example.org/back' \g /dev/null
INSERT INTO o365_programs.callback VALUES ('desk', 'alone', sha256('alone'), sha256('cookie'),
    'contoso.webhook.office.com', '443', 'https://contoso.webhook.office.com/webhookb2/alone', 'object-alone', 'Groups',
    'alone');
CREATE TEMP TABLE page AS SELECT o365_programs.responder_callback_outcome('alone') AS alone;
SELECT is(pg_temp.callbacks(ARRAY['two', 'three', 'four']), ARRAY['connected', 'connected', 'connected'],
    'three callbacks that come together connect');
SELECT isnt(pg_temp.made('alone'), NULL, 'what is compared is there');
SELECT is(pg_temp.made(u.name), pg_temp.made('alone'), format('%s has all that a callback alone has', u.name))
  FROM unnest(ARRAY['two', 'three', 'four']) AS u (name);
SELECT is(o.page, p.alone, 'and the same page') FROM page AS p,
    o365_programs.responder_callback_outcomes(ARRAY['two', 'three', 'four']) AS o (page);
SELECT is(pg_temp.sealed(u.name), jsonb_build_object('id', pg_temp.sealed(u.name) ->> 'is_own_id', 'webhook',
    'https://contoso.webhook.office.com/webhookb2/' || u.name, 'user_object_id', 'object-' || u.name, 'is_own_id',
    pg_temp.sealed(u.name) -> 'is_own_id'), format('%s opens with its own webhook and number', u.name))
  FROM unnest(ARRAY['two', 'three', 'four']) AS u (name);
SELECT is((SELECT count(*) FROM o365_internal.turn_of_webhook), 0::bigint, 'no turn is left');
-- Within its transaction pages are handed on; afterwards they are made of what was stored.
SELECT set_config('o365.connected', '', true) \g /dev/null
SELECT is(o.page, p.alone, 'afterwards too') FROM page AS p,
    o365_programs.responder_callback_outcomes(ARRAY['two', 'three', 'four']) AS o (page);

-- Every other ending, beside good ones.
SELECT pg_temp.begin_all('good', 'late', 'theirs', 'elsewhere', 'best') \g /dev/null
UPDATE o365_internal.connect_attempt SET expires_at = clock_timestamp() WHERE state_hash = sha256('late');
SELECT is(pg_temp.callbacks(ARRAY['good', 'late', 'theirs', 'elsewhere', 'nobody-made-this', 'two', 'best'],
        cookies => ARRAY[NULL, NULL, 'other', NULL, NULL, NULL, NULL],
        hosts => ARRAY[NULL, NULL, NULL, 'evil.example', NULL, NULL, NULL]),
    ARRAY['connected', 'expired', 'other_browser', 'refused_host', 'no_state', 'repeated', 'connected'],
    'expired, of another browser, elsewhere, unknown and repeated: each ends as it would alone');
SELECT is(ARRAY(SELECT pg_temp.count_of(u.name) FROM unnest(ARRAY['good', 'late', 'theirs', 'elsewhere', 'two', 'best'])
    AS u (name)), ARRAY[1, 0, 0, 0, 1, 1]::bigint[], 'and the good ones store one connection each');

-- What the first of them has stored, the second finds.
SELECT pg_temp.begin_all('once') \g /dev/null
SELECT is(pg_temp.callbacks(ARRAY['once', 'once']), ARRAY['connected', 'connected'],
    'twice the same request connects');
SELECT is(pg_temp.count_of('once'), 1::bigint, 'once');
SELECT pg_temp.begin('s1', 'cookie', 'user-both'), pg_temp.begin('s2', 'cookie', 'user-both'),
    pg_temp.begin('s3', 'cookie', 'user-both'), pg_temp.begin('s4', 'cookie', 'user-both') \g /dev/null
SELECT is(pg_temp.callbacks(ARRAY['s1', 's2'], ARRAY['same', 'same'], ARRAY['G', 'H']),
    ARRAY['connected', 'connected'], 'one webhook of one user by two attempts');
SELECT is(pg_temp.count_of('both'), 1::bigint, 'is one connection, which the second renews');
SELECT is(pg_temp.callbacks(ARRAY['s3', 's4'], ARRAY['this', 'that'], ARRAY['One place', 'One place']),
    ARRAY['connected', 'pending'], 'two webhooks of one place: the second asks');
SELECT pg_temp.begin('s5', 'cookie', 'user-again'), pg_temp.begin('s6', 'cookie', 'user-other') \g /dev/null
SELECT is(pg_temp.callbacks(ARRAY['s5', 's6'], ARRAY['shared', 'shared']), ARRAY['connected', 'connected'],
    'one webhook of two users is two connections');
SELECT is(ARRAY(SELECT l.quota_webhook FROM o365_internal.lane AS l JOIN o365_internal.subscription AS s
        ON s.subscription_id = l.subscription_id WHERE s.app_user IN ('user-again', 'user-other')
        ORDER BY l.quota_webhook NULLS FIRST), ARRAY[NULL, 0], 'of which the second shares its limits');
SELECT pg_temp.begin('s7', 'cookie', 'user-third'), pg_temp.begin('s8', 'cookie', 'user-fourth') \g /dev/null
SELECT is(pg_temp.callbacks(ARRAY['s7', 's8'], ARRAY['shared', 's8']), ARRAY['connected', 'connected'],
    'a webhook that somebody has already');
SELECT is(ARRAY(SELECT l.quota_webhook FROM o365_internal.lane AS l JOIN o365_internal.subscription AS s
        ON s.subscription_id = l.subscription_id WHERE s.app_user IN ('user-third', 'user-fourth')
        ORDER BY s.app_user DESC), ARRAY[0, NULL], 'shares its limits too, and no other does');

-- Connections that are there: renewed, and asked about.
SELECT pg_temp.begin('u1', 'cookie', 'user-two'), pg_temp.begin('u2', 'cookie', 'user-three'),
    pg_temp.begin('u3', 'cookie', 'user-new') \g /dev/null
SELECT is(pg_temp.callbacks(ARRAY['u1', 'u2', 'u3'], ARRAY['two', 'elsewhere', 'u3'], ARRAY['moved', 'three', 'u3']),
    ARRAY['connected', 'pending', 'connected'], 'a webhook once more renews, another of the same place asks');
SELECT is((SELECT a.detail FROM o365_internal.connect_attempt AS a WHERE a.request_id = 'u1'), 'unchanged',
    'and the renewal says so');
SELECT is(pg_temp.count_of('two'), 1::bigint, 'in one connection');

-- A link that renews one connection, whatever webhook and place come back; an attempt that has ended; and a state of
-- another connector.
SELECT o365.register_connector('other', 'Other', pg_temp.logo(), 's', 'l', 'https://contoso.example', '{one}',
    ways => '{button}') \g /dev/null
SELECT pg_temp.begin('r1', 'cookie', 'user-two'), pg_temp.begin('r2', 'cookie', 'user-r2'),
    pg_temp.begin('r3', 'cookie', 'user-r3', 'other'), pg_temp.begin('r4', 'cookie', 'user-r4') \g /dev/null
UPDATE o365_internal.connect_attempt AS a SET renews = (SELECT s.subscription_id FROM o365_internal.subscription AS s
    WHERE s.app_user = 'user-two') WHERE a.state_hash = sha256('r1');
UPDATE o365_internal.connect_attempt AS a SET outcome = 'denied', consumed_at = now()
 WHERE a.state_hash = sha256('r2');
SELECT is(pg_temp.callbacks(ARRAY['r1', 'r2', 'r3', 'r4']), ARRAY['connected', 'used', 'no_state', 'connected'],
    'a link that renews, an attempt that was denied, and a state of another connector');
SELECT is(ARRAY(SELECT pg_temp.count_of(u.name) FROM unnest(ARRAY['two', 'r2', 'r3', 'r4']) AS u (name)),
    ARRAY[1, 0, 0, 1]::bigint[], 'make no connection more');

-- One ticket, two attempts.
SELECT pg_temp.begin_all('v1', 'v2', 'v3') \g /dev/null
UPDATE o365_internal.connect_attempt AS a SET ticket_hash = b.ticket_hash, app_user = 'user-v' || right(a.app_user, 1)
  FROM o365_internal.connect_attempt AS b WHERE a.state_hash = sha256('v2') AND b.state_hash = sha256('v1');
SELECT is(pg_temp.callbacks(ARRAY['v1', 'v2', 'v3']), ARRAY['connected', 'used', 'connected'],
    'a ticket makes one connection');
SELECT pg_temp.begin_all('w1', 'w2') \g /dev/null
UPDATE o365_internal.connect_attempt AS a SET ticket_hash = b.ticket_hash
  FROM o365_internal.connect_attempt AS b WHERE a.state_hash = sha256('w1') AND b.state_hash = sha256('v1');
SELECT is(pg_temp.callbacks(ARRAY['w1', 'w2']), ARRAY['used', 'connected'], 'also when it made it before');

-- Who has no ticket, and who says another page than the redirect.
SELECT pg_temp.begin_all('x1', 'x2') \g /dev/null
UPDATE o365_internal.connect_attempt SET ticket_hash = NULL, app_user = NULL
 WHERE state_hash IN (sha256('x1'), sha256('x2'));
SELECT is(pg_temp.callbacks(ARRAY['x1', 'x2']), ARRAY['connected', 'connected'], 'no ticket and no user, twice');
SELECT pg_temp.begin_all('x3') \g /dev/null
UPDATE o365_internal.connect_attempt SET ticket_hash = NULL, app_user = NULL WHERE state_hash = sha256('x3');
CREATE TEMP TABLE before AS SELECT count(*) AS n FROM o365_internal.subscription;
SELECT pg_temp.callbacks(ARRAY['x3', 'x3'], ARRAY['x3', 'x4']) \g /dev/null
SELECT is(count(*) - (SELECT b.n FROM before AS b), 1::bigint, 'one state with two webhooks connects the first')
  FROM o365_internal.subscription AS s;
SELECT pg_temp.begin_all('y1', 'y2') \g /dev/null
UPDATE o365_internal.connector SET clean_page = 'origin' WHERE slug = 'desk';
SELECT is(pg_temp.callbacks(ARRAY['y1', 'y2']), ARRAY['connected', 'connected'], 'a connector with a page of its own');
SELECT is(o.page ->> 'clean_page', 'origin', 'which it gets')
  FROM o365_programs.responder_callback_outcomes(ARRAY['y1', 'y2']) AS o (page);
SELECT pg_temp.begin_all('z1', 'z2') \g /dev/null
UPDATE o365_internal.connector SET confirm = true WHERE slug = 'desk';
SELECT is(pg_temp.callbacks(ARRAY['z1', 'z2']), ARRAY['pending', 'pending'], 'a connector that asks');
UPDATE o365_internal.connector SET confirm = false, clean_page = '302' WHERE slug = 'desk';

-- The key that the responder names. What one row is refused for stores none: then each is copied alone.
SELECT pg_temp.begin_all('k1', 'k2') \g /dev/null
SELECT throws_ok($$SELECT pg_temp.callbacks(ARRAY['k1', 'k2'],
        sealing_keys => ARRAY['10FF825991ECBCBF', 'AAAAAAAAAAAAAAAA'])$$, '55000',
    'the responder asks for sealing key AAAAAAAAAAAAAAAA, the database would seal under 10FF825991ECBCBF',
    'another key than the named one is refused');
SELECT is(pg_temp.count_of('k1') + pg_temp.count_of('k2'), 0::bigint, 'with all that came beside it');
SELECT is(pg_temp.callbacks(ARRAY['k1', 'k2'], sealing_keys => ARRAY['10FF825991ECBCBF', NULL]),
    ARRAY['connected', 'connected'], 'the right one seals');
SELECT is(ARRAY(SELECT s.key_pinned FROM o365_internal.subscription AS s WHERE s.app_user IN ('user-k1', 'user-k2')
    ORDER BY s.app_user), ARRAY[true, false], 'and is noted where it was named');
SELECT * FROM finish();
ROLLBACK;
