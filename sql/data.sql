-- Rows that come with the product. Values that an operator has changed stay as they are;
-- what belongs to the product is renewed.

INSERT INTO o365_internal.setting (name, value, pattern, help, default_value)
    SELECT v.name, v.value, v.pattern, v.help, v.value FROM (VALUES
    -- http only on this machine: elsewhere browsers do not send a Secure cookie back.
    -- The responder itself adds /connect and /action.
    ('public_url', '',
        '^(?!.*/(connect|action)(/|$))(https://([a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)'
        '(\.[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)*'
        '|http://(([a-z0-9-]+\.)*localhost|127\.0\.0\.1))(:[1-9][0-9]{0,4})?(/[a-zA-Z0-9._~/-]*[a-zA-Z0-9._~-])?$',
        'Where browsers reach the responder, without /connect or /action and without a slash at the end: '
        'https://app.example.org.'),
    ('connect_url', 'https://outlook.office.com/connectors/Connect',
        '^https://[a-zA-Z0-9.-]+(:[0-9]+)?/[^?#[:space:]]*$',
        'The Connect page: Microsoft''s, or the sandbox''s in development.'),
    ('environment', 'production', '^[a-z][a-z0-9-]{0,39}$',
        'What this database is. Workers configured for another environment send nothing.'),
    ('action_days', '30', '^[1-9][0-9]{0,2}$',
        'How long the links of card actions lead to their page, and what was pressed there waits for the application, '
        'days.'),
    ('signing_key_hours', '24', '^[1-9][0-9]{0,2}$',
        'How often workers fetch the keys that card actions are signed with, hours. A key that is not known is fetched '
        'for within a minute.'),
    ('action_events', '100', '^[1-9][0-9]{0,3}$',
        'How often the actions of one card may be pressed, so that a link that everybody has fills no disk.'),
    ('action_wait', '5', '^[0-5]$',
        'How long a press that waits for o365.answer_action is held at most, seconds; 0: not at all.'),
    ('confirm_minutes', '60', '^[1-9][0-9]{0,3}$',
        'How long a connection waits to be confirmed before it is removed and its webhook wiped, minutes.'),
    ('state_minutes', '60', '^[1-9][0-9]{0,3}$', 'How long a user may take on Microsoft''s page, minutes.'),
    ('lease_seconds', '60', '^([3-9][0-9]|[1-9][0-9]{2})$',
        'How long a claim hides a lane from other workers, 30 to 999 seconds; '
        'at least 10 more than post_timeout_seconds.'),
    ('post_timeout_seconds', '20', '^([1-9]|[1-4][0-9])$', 'How long one POST may take, 1 to 49 seconds.'),
    ('retry_first_seconds', '5', '^[1-9][0-9]{0,3}$',
        'The first step of the exponential wait after a failed POST, seconds.'),
    ('retry_cap_seconds', '3600', '^[1-9][0-9]{0,5}$', 'The longest step of that wait, seconds.'),
    ('give_up_hours', '24', '^[1-9][0-9]{0,3}$', 'How long one card is tried before it ends as dead, hours.'),
    ('unclear_answers', '3', '^[0-9]{1,2}$',
        'How often a card is posted again after an answer that does not tell whether it arrived (a 2xx that no rule '
        'knows, an answer that was lost), before it ends as in_doubt.'),
    ('set_aside_after', '3', '^[1-9][0-9]?$',
        'After how many failed POSTs a card is set aside, where its connector has when_blocked => pass.'),
    ('dedupe_hours', '24', '^[1-9][0-9]{0,3}$',
        'How long the dedupe key of a card counts: another card with it is not sent, hours.'),
    ('dead_card_days', '7', '^(0|[1-9][0-9]{0,2})$',
        'How long the content of cards that ended as dead, in_doubt or expired is kept for o365.retry_card, days; 0: '
        'not at all.'),
    ('card_size_limit', '24000', '^[1-9][0-9]{2,5}$',
        'The largest card o365.send takes, bytes of its JSON. Microsoft refuses 28 KB as it counts.'),
    ('adaptive_card_version', 'auto', '^(auto|1\.[2-5])$',
        'The version of Adaptive Cards that MessageCards become for Workflows: '
        'auto, the lowest that has what they need, or 1.2 to 1.5.'),
    ('proof_minutes', '15', '^([1-9]|[1-9][0-9]{1,2})$',
        'How long the code on a test card serves to prove a pasted webhook, minutes.'),
    ('proof_tries', '5', '^[1-9][0-9]?$', 'How many wrong codes may be typed before a new one is needed.'),
    ('proof_codes', '5', '^[1-9][0-9]?$', 'How many codes are posted to one pasted webhook.'),
    ('pastes_per_ticket', '10', '^[1-9][0-9]{0,3}$',
        'How many webhooks may be pasted with one link of o365.begin_connect.'),
    ('pastes_per_minute', '60', '^[1-9][0-9]{0,5}$',
        'How many webhooks may be pasted for one connector within a minute.'),
    ('starts_per_ticket', '20', '^[1-9][0-9]{0,3}$',
        'How often the Connect page may be opened with one link of o365.begin_connect.'),
    ('starts_per_minute', '600', '^[1-9][0-9]{0,5}$',
        'How often the Connect page may be opened for one connector within a minute.'),
    ('tests_per_minute', '3', '^[1-9][0-9]?$', 'How many test cards one connection gets within a minute.'),
    ('presses_per_minute', '20', '^[1-9][0-9]{0,3}$',
        'How often people may pause and resume one connection on its own page within a minute.'),
    ('time_zone', 'UTC', '^[A-Za-z][A-Za-z0-9_+/-]{0,60}$',
        'The time zone of schedules and of pauses that people end by the clock, such as Europe/Berlin: '
        'select name from pg_timezone_names.'),
    ('history_days', '30', '^[1-9][0-9]{0,3}$', 'How long deliveries, attempts and events are kept, days.')
    ) AS v (name, value, pattern, help)
ON CONFLICT (name) DO UPDATE SET pattern = excluded.pattern, help = excluded.help,
    default_value = excluded.default_value;
UPDATE o365_internal.setting AS s SET unit = v.unit, range = v.range FROM (VALUES
        ('action_days', 'days', '1 to 999'), ('action_events', 'presses', '1 to 9999'),
        ('action_wait', 'seconds', '0 to 5'),
        ('adaptive_card_version', NULL, 'auto, 1.2 to 1.5'),
        ('signing_key_hours', 'hours', '1 to 999'),
        ('set_aside_after', 'POSTs', '1 to 99'), ('dedupe_hours', 'hours', '1 to 9999'),
        ('dead_card_days', 'days', '0 to 999'),
        ('card_size_limit', 'bytes', '100 to 999999'), ('confirm_minutes', 'minutes', '1 to 9999'),
        ('give_up_hours', 'hours', '1 to 9999'),
        ('history_days', 'days', '1 to 9999'), ('lease_seconds', 'seconds', '30 to 999'),
        ('pastes_per_minute', 'webhooks', '1 to 999999'),
        ('pastes_per_ticket', 'webhooks', '1 to 9999'), ('post_timeout_seconds', 'seconds', '1 to 49'),
        ('proof_codes', 'codes', '1 to 99'),
        ('proof_minutes', 'minutes', '1 to 999'), ('proof_tries', 'codes', '1 to 99'),
        ('retry_cap_seconds', 'seconds', '1 to 999999'),
        ('retry_first_seconds', 'seconds', '1 to 9999'), ('starts_per_minute', 'starts', '1 to 999999'),
        ('starts_per_ticket', 'starts', '1 to 9999'), ('tests_per_minute', 'cards', '1 to 99'),
        ('presses_per_minute', 'presses', '1 to 9999'), ('state_minutes', 'minutes', '1 to 9999'),
        ('unclear_answers', 'POSTs', '0 to 99')
    ) AS v (name, unit, range) WHERE s.name = v.name AND (s.unit, s.range) IS DISTINCT FROM (v.unit, v.range);

-- Hosts of office365-connectors.md section 2. Only filled if there are none, so that entries that an operator removed
-- stay removed.
INSERT INTO o365_internal.webhook_host (dialect, host, subdomains, port)
    SELECT h.dialect, h.host, h.subdomains, 443 FROM (VALUES
        ('connector', 'outlook.office.com', false), ('connector', 'outlook.office365.com', false),
        ('connector', 'webhook.office.com', true),
        ('workflow', 'logic.azure.com', true), ('workflow', 'api.powerplatform.com', true)
    ) AS h (dialect, host, subdomains) WHERE NOT EXISTS (SELECT FROM o365_internal.webhook_host WHERE enabled);
-- The hosts of government clouds and of China are switched off.
INSERT INTO o365_internal.webhook_host (dialect, host, subdomains, port, enabled)
    SELECT 'workflow', h, true, 443, false
      FROM unnest('{logic.azure.us,api.gov.powerplatform.microsoft.us,api.high.powerplatform.microsoft.us,'
                  'api.appsplatform.us,logic.azure.cn,api.powerplatform.partner.microsoftonline.cn}'::text[]) AS h
    ON CONFLICT ON CONSTRAINT webhook_host_pkey DO NOTHING;

-- Whose tokens card actions may come with: office365-connectors.md 7. Rows that nobody has changed are renewed.
INSERT INTO o365_internal.token_profile AS p (name, enabled, metadata_url, hosts, issuers, audiences, client_claims,
        client_ids, clock_skew, presser_claim, name_claims, keep_keys, source) VALUES
    ('entra', true, 'https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration',
        '{login.microsoftonline.com}',
        ARRAY['https://login.microsoftonline.com/{tid}/v2.0', 'https://sts.windows.net/{tid}/'],
        ARRAY['api://auth-am-{app_id}/{app_id}', '{app_id}'],
        '{azp,appid}', '{48af08dc-f6d2-435f-b2a7-069abd99c086}', '5 minutes', 'oid', '{upn,preferred_username,name}',
        '1 day', 'office365-connectors.md 7.2'),
    ('legacy', false, 'https://substrate.office.com/sts/common/.well-known/openid-configuration',
        '{substrate.office.com}', '{https://substrate.office.com/sts/}', ARRAY['{origin}'],
        '{appid}', '{48af08dc-f6d2-435f-b2a7-069abd99c086}', '5 minutes', 'sub', '{}',
        '1 day', 'office365-connectors.md 7.1: not sent since 8 June 2026')
ON CONFLICT ON CONSTRAINT token_profile_pkey DO UPDATE SET enabled = excluded.enabled,
    metadata_url = excluded.metadata_url, hosts = excluded.hosts, issuers = excluded.issuers,
    audiences = excluded.audiences, client_claims = excluded.client_claims, client_ids = excluded.client_ids,
    clock_skew = excluded.clock_skew, presser_claim = excluded.presser_claim, name_claims = excluded.name_claims,
    keep_keys = excluded.keep_keys, source = excluded.source
    WHERE p.changed_at IS NULL;

INSERT INTO o365_internal.response_rule
    (rule_id, dialect, name, status_from, status_to, body_pattern, outcome, source) VALUES
    (100, 'connector', 'a count of messages', 200, 299, '^[[:space:]]*[1-9][0-9]*[[:space:]]*$', 'delivered',
        'office365-connectors.md 3.1'),
    (105, 'connector', 'success, serialised', 200, 299, '"isSuccessStatusCode"[[:space:]]*:[[:space:]]*true',
        'delivered', 'field case F1'),
    (108, 'connector', 'throttled, serialised', 200, 299, '"statusCode"[[:space:]]*:[[:space:]]*429[^0-9]', 'throttled',
        'field case F1'),
    (110, 'connector', 'throttled, inside 200', 200, 299, 'returned HTTP error 429', 'throttled',
        'office365-connectors.md 3.1'),
    (115, 'connector', 'no answer behind the front end in time, inside 200', 200, 299,
        'returned HTTP error (408|502|504)', 'in_doubt', 'field case F2: the card may be shown'),
    (120, 'connector', 'too large, inside 200', 200, 299, 'returned HTTP error 413', 'dead',
        'office365-connectors.md 3.1'),
    (130, 'connector', 'refused or removed, inside 200', 200, 299, 'returned HTTP error 4(00|04|10)', 'retry',
        'office365-connectors.md 3.1: bad card or channel removed, not told apart'),
    (140, 'connector', 'failed behind the front end, inside 200', 200, 299, 'returned HTTP error|Error contacting',
        'retry', 'office365-connectors.md 3.1'),
    (145, 'connector', 'failed, serialised', 200, 299, '"isSuccessStatusCode"[[:space:]]*:[[:space:]]*false', 'retry',
        'field case F1'),
    (150, 'connector', 'answer not understood', 200, 299, NULL, 'in_doubt',
        'office365-connectors.md 3.3: must not count as success; field case F1: the card may be shown'),
    (160, 'connector', 'not a card', 400, 400, 'Summary or Text is required|Bad payload', 'dead',
        'office365-connectors.md 3.1'),
    (162, 'connector', 'Microsoft wants a new address: connect again', 400, 410, 'Webhook Url is not updated',
        'suspend', 'field case F4'),
    (165, 'connector', 'not a webhook', 400, 499, 'Invalid webhook URL', 'gone', 'office365-connectors.md 3.1'),
    (170, 'connector', 'bad request', 400, 400, NULL, 'dead', 'office365-connectors.md 3.1'),
    (180, 'connector', 'not allowed', 401, 403, NULL, 'suspend', 'office365-connectors.md 3.3'),
    (190, 'connector', 'no such webhook', 404, 404, NULL, 'gone', 'office365-connectors.md 3.1'),
    (200, 'connector', 'removed by the user', 410, 410, NULL, 'gone', 'office365-connectors.md 3.1'),
    (210, 'connector', 'too large', 413, 413, NULL, 'dead', 'office365-connectors.md 3.1'),
    (220, 'connector', 'throttled', 429, 429, NULL, 'throttled', 'office365-connectors.md 3.1'),
    (224, 'connector', 'no answer behind the front end in time', 502, 502, NULL, 'in_doubt',
        'field case F2: the card may be shown'),
    (226, 'connector', 'no answer behind the front end in time', 504, 504, NULL, 'in_doubt',
        'field case F2: the card may be shown'),
    (230, 'connector', 'the far end failed', 500, 599, NULL, 'retry', 'office365-connectors.md 3.1'),
    (240, 'connector', 'timed out there', 408, 408, NULL, 'in_doubt', 'field case F2: the card may be shown'),
    (250, 'connector', 'a redirect', 300, 399, NULL, 'suspend',
        'callback-and-fastcgi.md 2.3: redirects are not followed'),
    (255, 'connector', 'no webhook for POST: connect again', 405, 405, NULL, 'suspend', 'field case F3'),
    (257, 'connector', 'the webhook takes no JSON: connect again', 415, 415, NULL, 'suspend', 'field case F3'),
    (260, 'connector', 'another refusal', 400, 499, NULL, 'dead', 'office365-connectors.md 3.3'),
    (300, 'workflow', 'accepted', 200, 299, NULL, 'accepted', 'office365-connectors.md 3.2'),
    (310, 'workflow', 'flow switched off or deleted', 400, 400, 'WorkflowTriggerIsNotEnabled', 'suspend',
        'office365-connectors.md 3.2'),
    (312, 'workflow', 'the trigger has a schema of its own that cards do not fit: the flow''s owner empties it',
        400, 400, 'TriggerInputSchemaMismatch', 'suspend', 'field case F3'),
    (314, 'workflow', 'sig and an Authorization header came together: a proxy on the way adds the header', 400, 401,
        'DirectApiRequestHasMoreThanOneAuthorization', 'suspend', 'field case F3'),
    (316, 'workflow', 'the URL is not whole: connect again with all of it', 400, 400,
        '(Missing|Invalid|Unsupported)[a-z]*ApiVersion', 'suspend', 'field case F3'),
    (318, 'workflow', 'the trigger takes another method: the flow''s owner sets it to POST', 400, 405,
        'TriggerRequestMethodNotValid|MethodNotAllowed', 'suspend', 'field case F3'),
    (320, 'workflow', 'bad request', 400, 400, NULL, 'dead', 'office365-connectors.md 3.2'),
    (321, 'workflow', 'stopped by a data-loss policy: an administrator of the tenant allows the flow', 401, 403,
        '"code"[[:space:]]*:[[:space:]]*"[^"]*(Dlp|ApiPolicy)|data.?(loss|policy|policies)', 'suspend',
        'field case F5'),
    (322, 'workflow',
        'open to signed-in users only, or the URL lacks its sig: the flow''s owner sets the trigger to Anyone, or '
        'connect again with the whole URL', 401, 403, 'DirectApiAuthorizationRequired', 'suspend',
        'office365-connectors.md 3.2'),
    (323, 'workflow', 'restricted to its tenant: the flow''s owner sets the trigger to Anyone', 401, 403,
        '"code"[[:space:]]*:[[:space:]]*"[^"]*(OAuth|claims)', 'suspend', 'office365-connectors.md 3.2'),
    (324, 'workflow', 'the URL has no sig or an old one: connect again with the whole URL', 401, 403,
        'AuthorizationFailed|SasToken|Shared ?Access|signature', 'suspend', 'field case F5'),
    (326, 'workflow', 'restricted to its tenant: the flow''s owner sets the trigger to Anyone', 401, 403,
        'OAuth|claims|tenant', 'suspend', 'office365-connectors.md 3.2'),
    (330, 'workflow', 'not allowed', 401, 403, NULL, 'suspend', 'office365-connectors.md 3.2'),
    (340, 'workflow', 'no such flow', 404, 404, NULL, 'suspend', 'office365-connectors.md 3.3'),
    (350, 'workflow', 'gone', 410, 410, NULL, 'gone', 'office365-connectors.md 3.3'),
    (360, 'workflow', 'too large', 413, 413, NULL, 'dead', 'office365-connectors.md 3.3'),
    (370, 'workflow', 'throttled', 429, 429, NULL, 'throttled', 'office365-connectors.md 4.3'),
    (364, 'workflow', 'the trigger takes another method: the flow''s owner sets it to POST', 405, 405, NULL, 'suspend',
        'field case F3'),
    (366, 'workflow', 'the flow takes no JSON: its owner removes what checks the content type', 415, 415, NULL,
        'suspend', 'field case F3'),
    (374, 'workflow', 'no answer from the flow in time', 502, 502, NULL, 'in_doubt',
        'field case F2: the card may be shown'),
    (376, 'workflow', 'no answer from the flow in time', 504, 504, NULL, 'in_doubt',
        'field case F2: the card may be shown'),
    (378, 'workflow', 'failed in the flow or on the way to it', 500, 500, NULL, 'in_doubt',
        'field case F2: the card may be shown'),
    (380, 'workflow', 'the far end failed', 500, 599, NULL, 'retry', 'office365-connectors.md 3.3'),
    (390, 'workflow', 'timed out there', 408, 408, NULL, 'in_doubt', 'field case F2: the card may be shown'),
    (400, 'workflow', 'a redirect', 300, 399, NULL, 'suspend',
        'callback-and-fastcgi.md 2.3: redirects are not followed'),
    (410, 'workflow', 'another refusal', 400, 499, NULL, 'dead', 'office365-connectors.md 3.3')
ON CONFLICT (rule_id) DO UPDATE SET dialect = excluded.dialect, name = excluded.name,
    status_from = excluded.status_from, status_to = excluded.status_to, body_pattern = excluded.body_pattern,
    outcome = excluded.outcome, source = excluded.source;

DELETE FROM o365_internal.server_floor;
INSERT INTO o365_internal.server_floor (hole, matters, major, minor)
    SELECT h.hole, h.matters, v.major, v.minor FROM (VALUES
        ('CVE-2026-2005',
            'whoever can call pgcrypto can make it run code by a message that it parses; '
            'the product never lets it parse one.',
            '{14.21,15.16,16.12,17.8,18.2}'::text[]),
        ('CVE-2026-14663', 'where OpenSSL lacks a cipher, what pgcrypto seals is nearly plain text.',
            '{14.24,15.19,16.15,17.11,18.6}')
    ) AS h (hole, matters, versions)
    CROSS JOIN LATERAL (SELECT split_part(u, '.', 1)::integer, split_part(u, '.', 2)::integer
                          FROM unnest(h.versions) AS u) AS v (major, minor);

-- Keys that this database creates once and keeps.
SELECT format('INSERT INTO o365_internal.%I (key) VALUES (%I.gen_random_bytes(32)) ON CONFLICT DO NOTHING',
              t.name, :'pgcrypto')
  FROM (VALUES ('index_key'), ('action_key')) AS t (name) \gexec

-- Do not fail because a session reads the history: workers make partitions too, every minute.
DO $$
BEGIN
    PERFORM o365_internal.make_partitions(2);
EXCEPTION WHEN lock_not_available THEN
    RAISE NOTICE 'the history is in use: the worker makes its next days'' partitions';
END $$;

-- This reads all waiting cards, so it runs only when links were just introduced.
SELECT o365_internal.link_waiting_cards() FROM o365_internal.migration AS m
 WHERE m.name = 'card_actions' AND m.applied_at = now() \g /dev/null
