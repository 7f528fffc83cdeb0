CREATE OR REPLACE FUNCTION o365_internal.pause_subscription(
    subscription_id bigint, actor text, reason text, until timestamptz) RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_status text := (SELECT s.status FROM o365_internal.subscription AS s
                       WHERE s.subscription_id = pause_subscription.subscription_id);
    v_reason text := o365_internal.reason_text(reason);
BEGIN
    IF v_status NOT IN ('active', 'paused', 'suspended') THEN
        RAISE EXCEPTION 'subscription % is %', subscription_id, v_status
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Only an active or suspended one can be paused.';
    END IF;
    IF v_status <> 'paused' THEN
        PERFORM o365_internal.hold(subscription_id, 'paused', v_reason);
    END IF;
    UPDATE o365_internal.subscription AS s
       SET status_reason = v_reason, paused_until = until,
           paused_by = o365_internal.actor_words(actor, session_user)
     WHERE s.subscription_id = pause_subscription.subscription_id;
    PERFORM o365_internal.note_event('paused', actor, NULL, subscription_id, v_reason,
                                     to_char(until AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'));
    RETURN 'paused';
END $$;
COMMENT ON FUNCTION o365_internal.pause_subscription(bigint, text, text, timestamptz) IS
    'Pauses a subscription that the caller has locked, until a time or until somebody resumes it (null), and notes '
    'who did it. Returns the status. Error: object_not_in_prerequisite_state.';
