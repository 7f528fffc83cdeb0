-- Plain assignments on purpose, here and wherever a secret passes: an expression is evaluated without a plan, so no
-- logger of PostgreSQL prints a value of it. Never make one of these an SQL function, and never call one in a query.
SELECT format($f$
CREATE OR REPLACE FUNCTION o365_internal.seal(plain text, only_key text DEFAULT NULL, OUT sealed bytea, OUT key_id text)
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $b$
DECLARE
    v_public_key bytea;
BEGIN
    SELECT k.key_id, k.public_key INTO key_id, v_public_key FROM o365_internal.sealing_key AS k
     WHERE k.kind = 'public' AND k.active
     ORDER BY (k.key_id = only_key) DESC NULLS LAST, k.created_at DESC, k.key_id LIMIT 1;
    IF key_id <> only_key THEN
        RAISE EXCEPTION 'the responder asks for sealing key %%, the database would seal under %%', only_key, key_id
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = format('If o365-worker keys list shows that %%s is the key file''s, set sealing_key = %%s in '
                                'the '
                                'responder''s configuration; if not, somebody has changed the keys of this database.',
                                key_id, key_id);
    END IF;
    IF key_id IS NULL THEN
        RAISE EXCEPTION 'there is no key to seal webhooks under'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                HINT = 'Run o365-worker keys generate on the worker''s host.';
    END IF;
    sealed := %1$I.pgp_pub_encrypt(plain, v_public_key, 'cipher-algo=aes256, compress-algo=0');
    IF %1$I.pgp_key_id(sealed) <> key_id THEN
        RAISE EXCEPTION 'key %% seals under another key id than its name', key_id
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Run o365-worker keys check.';
    END IF;
    -- CVE-2026-14663. Past the first blocks, which are garbled even there.
    IF length(plain) >= 64 AND position(substr(convert_to(plain, 'UTF8'), 33, 16) IN sealed) > 0 THEN
        RAISE EXCEPTION 'what pgcrypto seals on this server can be read'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                HINT = 'Update PostgreSQL and OpenSSL: select * from o365.health().';
    END IF;
END $b$
$f$, :'pgcrypto') \gexec
COMMENT ON FUNCTION o365_internal.seal(text, text) IS
    'Seals a text under the active public key only_key, or for null under the newest: an OpenPGP message that only '
    'the workers'' key file opens, and that key''s id. Error: object_not_in_prerequisite_state when there is no such '
    'key, what was sealed names another, or can be read.';
