CREATE OR REPLACE FUNCTION o365_programs.worker_add_key(
    key_id text, kind text, public_key bytea DEFAULT NULL, replaces boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_other text;
BEGIN
    IF kind = 'symmetric' THEN
        INSERT INTO o365_internal.sealing_key AS k (key_id, kind) VALUES (worker_add_key.key_id, 'symmetric')
            ON CONFLICT ON CONSTRAINT sealing_key_pkey DO NOTHING;
        RETURN;
    END IF;
    -- One at a time: of two hosts that make a key at the same moment the second is refused.
    LOCK TABLE o365_internal.sealing_key IN SHARE ROW EXCLUSIVE MODE;
    SELECT k.key_id INTO v_other FROM o365_internal.sealing_key AS k
     WHERE k.kind = 'public' AND k.active AND k.key_id <> worker_add_key.key_id;
    IF v_other IS NOT NULL AND NOT replaces THEN
        RAISE EXCEPTION 'webhooks are sealed under key % already', v_other
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Copy the key file that holds it to this host and run o365-worker keys check. To seal new '
                         'webhooks '
                         'under this host''s own key instead: o365-worker keys add --replace';
    END IF;
    IF EXISTS (SELECT FROM o365_internal.sealing_key AS k
                WHERE k.key_id = worker_add_key.key_id AND k.public_key IS DISTINCT FROM worker_add_key.public_key) THEN
        RAISE EXCEPTION 'key % is known with other bytes', key_id
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Keys are never replaced: o365-worker keys list';
    END IF;
    UPDATE o365_internal.sealing_key AS k SET active = false WHERE k.kind = 'public'
       AND k.key_id <> worker_add_key.key_id;
    INSERT INTO o365_internal.sealing_key AS k (key_id, kind, public_key)
        VALUES (worker_add_key.key_id, worker_add_key.kind, worker_add_key.public_key)
        ON CONFLICT ON CONSTRAINT sealing_key_pkey DO UPDATE SET active = true;
    -- Seals once, so that bytes that are not a key, or belong to another key, abort the transaction.
    PERFORM o365_internal.seal('probe');
END $$;
COMMENT ON FUNCTION o365_programs.worker_add_key(text, text, bytea, boolean) IS
    'Makes a key known: the public half of an RSA pair (kind public), or the name of a symmetric key (kind symmetric). '
    'New webhooks are sealed under the public key; another one that is in use is put aside only where replaces is '
    'true, and what it sealed stays as it is. A key that is known already is left as it is. Errors: '
    'object_not_in_prerequisite_state (another one is in use, or this one seals under another id), '
    'invalid_parameter_value (known with other bytes), and pgcrypto''s own.';
