CREATE OR REPLACE FUNCTION o365_internal.prove(attempt_id bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_attempt o365_internal.connect_attempt;
    v_replaced o365_internal.subscription;
    v_subscription o365_internal.subscription;
    v_ticket_used boolean;
BEGIN
    SELECT a.* INTO v_attempt FROM o365_internal.connect_attempt AS a WHERE a.attempt_id = prove.attempt_id;
    SELECT t.used_at IS NOT NULL INTO v_ticket_used FROM o365_internal.ticket AS t
     WHERE t.ticket_hash = v_attempt.ticket_hash;
    SELECT s.* INTO v_subscription FROM o365_internal.subscription AS s
     WHERE s.subscription_id = v_attempt.subscription_id;
    SELECT s.* INTO v_replaced FROM o365_internal.subscription AS s WHERE s.subscription_id = v_subscription.replaces;
    IF v_ticket_used THEN
        UPDATE o365_internal.connect_attempt AS a
           SET outcome = 'used', consumed_at = now(), detail = 'the ticket had made a connection already'
         WHERE a.attempt_id = v_attempt.attempt_id;
        IF v_subscription.status = 'pending' THEN
            PERFORM o365_internal.remove_subscription(v_subscription.subscription_id, 'user',
                                                      'the ticket had made a connection already');
        END IF;
        RETURN;
    END IF;
    IF v_replaced.status NOT IN ('pending', 'removed') THEN
        v_subscription.proved_at := now();
        PERFORM o365_internal.replace_webhook(v_replaced, v_subscription);
        UPDATE o365_internal.connect_attempt AS a SET subscription_id = v_replaced.subscription_id, detail = 'replaced'
         WHERE a.attempt_id = v_attempt.attempt_id;
        PERFORM o365_internal.note_event('proved', 'user', NULL, v_replaced.subscription_id);
    ELSE
        UPDATE o365_internal.subscription AS s
           SET proved_at = now(), replaces = NULL, replacement = NULL, replacement_key_id = NULL
         WHERE s.subscription_id = v_subscription.subscription_id;
        PERFORM o365_internal.revive(v_subscription.subscription_id);
        PERFORM o365_internal.note_event('proved', 'user', NULL, v_subscription.subscription_id);
    END IF;
    UPDATE o365_internal.connect_attempt AS a SET outcome = 'connected', consumed_at = now()
     WHERE a.attempt_id = v_attempt.attempt_id;
    UPDATE o365_internal.ticket AS t SET used_at = now(), attempt_id = v_attempt.attempt_id
     WHERE t.ticket_hash = v_attempt.ticket_hash;
END $$;
COMMENT ON FUNCTION o365_internal.prove(bigint) IS
    'Connects after the code of a pasted webhook was typed (receive_proof compares it): its subscription becomes '
    'active, or the one that it renews gets the webhook and what waits there leaves; the ticket is used. Where another '
    'attempt has used the ticket meanwhile, the attempt ends as used and what is pending is removed. The caller has '
    'locked all of it (lock_pasted_attempt).';
