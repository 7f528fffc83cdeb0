-- The trigger of o365_programs.proof. The code moves by assignment only.
CREATE OR REPLACE FUNCTION o365_internal.receive_proof() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_connector o365_internal.connector := o365_internal.connector_by_slug(new.slug);
    v_attempt o365_internal.connect_attempt;
    v_proof o365_internal.proof;
    v_code text;
BEGIN
    -- Locked, so that concurrent tries are counted one by one.
    v_attempt := o365_internal.lock_pasted_attempt(v_connector.connector_id, new.id, new.cookie_hash);
    IF v_attempt.attempt_id IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT p.* INTO v_proof FROM o365_internal.proof AS p WHERE p.attempt_id = v_attempt.attempt_id;
    IF v_proof.tries >= o365_internal.integer_setting('proof_tries') THEN
        RETURN NULL;
    END IF;
    v_code := o365_internal.proof_code(v_proof.card_id);
    IF new.code = v_code THEN
        IF v_attempt.renews IS NULL AND new.replace IS DISTINCT FROM 'true' THEN
            UPDATE o365_internal.subscription AS s SET replaces = NULL, replacement = NULL, replacement_key_id = NULL
             WHERE s.subscription_id = v_attempt.subscription_id AND s.replaces IS NOT NULL;
        END IF;
        PERFORM o365_internal.prove(v_attempt.attempt_id);
    ELSE
        UPDATE o365_internal.proof AS p SET tries = p.tries + 1 WHERE p.attempt_id = v_attempt.attempt_id;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION o365_internal.receive_proof() IS
    'Trigger of o365_programs.proof: compares the code that was typed with the one that the card shows, at most '
    'proof_tries times a code, and connects on the right one. Only the browser that pasted the webhook may try. A '
    'connection of the same name that nobody chose gets the webhook with replace only. The outcome is read with '
    'o365_programs.responder_proof.';
