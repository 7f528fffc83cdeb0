CREATE OR REPLACE FUNCTION o365_internal.lock_pasted_attempt(connector_id integer, id text, cookie_hash bytea)
RETURNS o365_internal.connect_attempt
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_attempt o365_internal.connect_attempt := o365_internal.pasted_attempt(connector_id, id);
BEGIN
    IF v_attempt.attempt_id IS NULL OR v_attempt.cookie_hash IS DISTINCT FROM lock_pasted_attempt.cookie_hash THEN
        RETURN NULL;
    END IF;
    -- Lock order: ticket, attempt, the older lane, its own lane, code, as in receive_paste for the first four.
    PERFORM FROM o365_internal.ticket AS t WHERE t.ticket_hash = v_attempt.ticket_hash FOR UPDATE;
    SELECT a.* INTO v_attempt FROM o365_internal.connect_attempt AS a
     WHERE a.attempt_id = v_attempt.attempt_id FOR UPDATE;
    PERFORM o365_internal.lock_subscription(s.replaces) FROM o365_internal.subscription AS s
      WHERE s.subscription_id = v_attempt.subscription_id AND s.replaces IS NOT NULL;
    PERFORM o365_internal.lock_subscription(v_attempt.subscription_id);
    PERFORM FROM o365_internal.proof AS p WHERE p.attempt_id = v_attempt.attempt_id FOR UPDATE;
    -- The state under the locks decides: a second press, another tab or a removal may have come first.
    RETURN CASE WHEN o365_internal.outcome_now(v_attempt) = 'pending' THEN v_attempt END;
END $$;
COMMENT ON FUNCTION o365_internal.lock_pasted_attempt(integer, text, bytea) IS
    'The attempt that pasted a webhook, by the unguessable id of its page, if the browser with that cookie made it and '
    'its code can still be typed; null otherwise. It is locked, with its ticket, lanes and proof, in the order that '
    'all who change one keep.';
