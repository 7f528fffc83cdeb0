-- A responder that names the key to seal under: no other is used, whatever stands in the table, and nothing is lost
-- when it cannot be.
\ir fixtures/setup.sql
BEGIN;
SELECT no_plan();
-- The callback as pg_temp.callback sends it, with the key that the responder's configuration names.
CREATE FUNCTION pg_temp.pinned(state text, request_id text, sealing_key text,
    webhook text DEFAULT 'https://contoso.webhook.office.com/webhookb2/p')
RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO o365_programs.callback (slug, request_id, state_hash, cookie_hash, webhook_host, webhook_port,
        webhook_url, user_object_id, app_type, group_name, sealing_key)
        VALUES ('desk', request_id, sha256(state::bytea), sha256('c'), 'contoso.webhook.office.com', '443', webhook,
            'object-1', 'Groups', request_id, sealing_key);
    RETURN o365_programs.responder_callback_outcome(request_id);
END $$;
SELECT pg_temp.begin(s, 'c') FROM unnest(ARRAY['s1', 's2', 's3', 's4']) AS s \g /dev/null

SELECT throws_ok($$SELECT pg_temp.pinned('s1', 'r-000000000101', 'AAAAAAAAAAAAAAAA')$$, '55000',
    'the responder asks for sealing key AAAAAAAAAAAAAAAA, the database would seal under 10FF825991ECBCBF',
    'another key than the named one is refused, with the names of both');
SELECT is((SELECT a.outcome FROM o365_internal.connect_attempt AS a WHERE a.state_hash = sha256('s1')), NULL,
    'and the state stays open');
SELECT is(pg_temp.pinned('s1', 'r-000000000102', '10FF825991ECBCBF') ->> 'outcome', 'connected',
    'the same callback connects once the name is right');
SELECT is((SELECT s.key_id || s.key_pinned FROM o365_internal.subscription AS s), '10FF825991ECBCBFtrue',
    'sealed under that key, and noted so');

-- Somebody adds a key of theirs: it is the newest, and seals for whoever names none.
INSERT INTO o365_internal.sealing_key (key_id, kind, public_key, created_at)
    SELECT 'BBBBBBBBBBBBBBBB', 'public', k.public_key, now() + interval '1 second' FROM o365_internal.sealing_key AS k
     WHERE k.kind = 'public';
SELECT is(pg_temp.pinned('s2', 'r-000000000103', '10FF825991ECBCBF', 'https://contoso.webhook.office.com/webhookb2/q')
    ->> 'outcome', 'connected', 'a newer key changes nothing for a responder that names its own');
SELECT is((SELECT s.key_id FROM o365_internal.subscription AS s ORDER BY s.subscription_id DESC LIMIT 1),
    '10FF825991ECBCBF', 'which is used');
-- Somebody puts another key's bytes behind a name: what was sealed tells.
SELECT throws_ok($$SELECT pg_temp.pinned('s3', 'r-000000000104', 'BBBBBBBBBBBBBBBB')$$, '55000',
    'key BBBBBBBBBBBBBBBB seals under another key id than its name',
    'bytes of another key behind the named one are refused');
SELECT throws_ok($$SELECT pg_temp.pinned('s3', 'r-000000000105', NULL)$$, '55000',
    'key BBBBBBBBBBBBBBBB seals under another key id than its name', 'and without a name as well');
UPDATE o365_internal.sealing_key SET active = false WHERE key_id = 'BBBBBBBBBBBBBBBB';
SELECT is(pg_temp.pinned('s3', 'r-000000000106', NULL) ->> 'outcome', 'connected',
    'without a name the newest active key seals');
SELECT is((SELECT s.key_pinned FROM o365_internal.subscription AS s ORDER BY s.renewed_at DESC NULLS LAST LIMIT 1),
    false, 'a renewal notes that too');
DELETE FROM o365_internal.sealing_key WHERE kind = 'public';
SELECT throws_ok($$SELECT pg_temp.pinned('s4', 'r-000000000107', '10FF825991ECBCBF')$$, '55000',
    'there is no key to seal webhooks under', 'without any key it says so');
SELECT is(o365_programs.responder_health() -> 'sealing_keys', '[]', 'and the responder''s --check can see it');
SELECT * FROM finish();
ROLLBACK;
