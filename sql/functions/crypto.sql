-- Sealing. These are PL/pgSQL with plain assignments on purpose: an expression is evaluated without a plan, so no logger of PostgreSQL
-- ever prints a value that passes through (callback-and-fastcgi.md 0.1). Never write them as SQL functions, never call them in a query.
DO $do$
DECLARE
    v_pgcrypto name := (SELECT n.nspname FROM pg_catalog.pg_extension AS e JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
                         WHERE e.extname = 'pgcrypto');
BEGIN
    EXECUTE format($f$
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
                          HINT = format('If o365-worker keys list shows that %%s is the key file''s, set sealing_key = %%s in the '
                                        'responder''s configuration; if not, somebody has changed the keys of this database.', key_id, key_id);
            END IF;
            IF key_id IS NULL THEN
                RAISE EXCEPTION 'there is no key to seal webhooks under'
                    USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Run o365-worker keys generate on the worker''s host.';
            END IF;
            sealed := %1$I.pgp_pub_encrypt(plain, v_public_key, 'cipher-algo=aes256, compress-algo=0');
            IF %1$I.pgp_key_id(sealed) <> key_id THEN
                RAISE EXCEPTION 'key %% seals under another key id than its name', key_id
                    USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Run o365-worker keys check.';
            END IF;
            -- CVE-2026-14663. Past the first blocks, which are garbled even there.
            IF length(plain) >= 64 AND position(substr(convert_to(plain, 'UTF8'), 33, 16) IN sealed) > 0 THEN
                RAISE EXCEPTION 'what pgcrypto seals on this server can be read'
                    USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Update PostgreSQL and OpenSSL: select * from o365.health().';
            END IF;
        END $b$ $f$, v_pgcrypto);
    EXECUTE format($f$
        CREATE OR REPLACE FUNCTION o365_internal.blind_index(purpose text, value text) RETURNS bytea
        LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $b$
        DECLARE
            v_key bytea;
        BEGIN
            IF value IS NULL THEN
                RETURN NULL;
            END IF;
            SELECT k.key INTO STRICT v_key FROM o365_internal.index_key AS k;
            RETURN %1$I.hmac(convert_to(purpose || ':' || value, 'UTF8'), v_key, 'sha256');
        END $b$ $f$, v_pgcrypto);
    EXECUTE format($f$
        CREATE OR REPLACE FUNCTION o365_internal.random_token() RETURNS text
        LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $b$
        BEGIN
            RETURN translate(encode(%1$I.gen_random_bytes(32), 'base64'), '+/=', '-_');
        END $b$ $f$, v_pgcrypto);
    EXECUTE format('INSERT INTO o365_internal.index_key (key) VALUES (%I.gen_random_bytes(32)) ON CONFLICT DO NOTHING', v_pgcrypto);
END $do$;
COMMENT ON FUNCTION o365_internal.seal(text, text) IS
    'Seals a text under the active public key only_key, or for null under the newest: an OpenPGP message that only the workers'' key file opens, '
    'and that key''s id. Error: object_not_in_prerequisite_state when there is no such key, what was sealed names another, '
    'or can be read.';
COMMENT ON FUNCTION o365_internal.blind_index(text, text) IS
    'HMAC-SHA-256 of purpose and value under the private index key; null for null. Equal values have equal indexes, nothing else shows.';
COMMENT ON FUNCTION o365_internal.random_token() IS '256 random bits in base64url, 43 characters.';
