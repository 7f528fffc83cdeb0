CREATE OR REPLACE FUNCTION o365_programs.worker_adopt(subscription_id bigint, secret_version integer,
    key_id text, sealed bytea)
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
BEGIN
    PERFORM FROM o365_internal.subscription AS s
      WHERE s.subscription_id = worker_adopt.subscription_id AND s.secret_version = worker_adopt.secret_version
        AND s.sealed IS NOT NULL
        AND EXISTS (SELECT FROM o365_internal.sealing_key AS k
                     WHERE k.key_id = worker_adopt.key_id AND k.kind = 'symmetric' AND k.active)
        FOR UPDATE OF s SKIP LOCKED;
    IF FOUND THEN
        UPDATE o365_internal.subscription AS s SET sealed = worker_adopt.sealed, key_id = worker_adopt.key_id
         WHERE s.subscription_id = worker_adopt.subscription_id;
        RETURN true;
    END IF;
    RETURN false;
END $$;
COMMENT ON FUNCTION o365_programs.worker_adopt(bigint, integer, text, bytea) IS
    'Puts the same secret, sealed under an active symmetric key, in place of what is there. False when it was renewed '
    'or removed meanwhile, another transaction has it locked, or the key is not known: the next opening tries again.';
