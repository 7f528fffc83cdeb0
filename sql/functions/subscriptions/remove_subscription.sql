CREATE OR REPLACE FUNCTION o365_internal.remove_subscription(subscription_id bigint, actor text, reason text)
RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_old o365_internal.subscription := (SELECT s FROM o365_internal.subscription AS s
                                          WHERE s.subscription_id = remove_subscription.subscription_id);
    v_status text := v_old.status;
    v_reason text := o365_internal.reason_text(reason);
BEGIN
    IF v_status <> 'removed' THEN
        PERFORM o365_internal.leave_webhook(v_old);
        UPDATE o365_internal.subscription AS s
           SET status = 'removed', status_reason = v_reason, status_at = now(), sealed = NULL, key_id = NULL,
               webhook_index = NULL,
               user_index = NULL, replacement = NULL, replacement_key_id = NULL, paused_until = NULL, paused_by = NULL,
               idle_since = NULL
         WHERE s.subscription_id = remove_subscription.subscription_id;
        DELETE FROM o365_internal.card_action AS a WHERE a.subscription_id = remove_subscription.subscription_id;
        DELETE FROM o365_internal.action_answer AS a WHERE a.subscription_id = remove_subscription.subscription_id;
        DELETE FROM o365_internal.action_call AS c WHERE c.subscription_id = remove_subscription.subscription_id;
        UPDATE o365_internal.scheduled AS s SET due_at = now(), enqueued_at = least(s.enqueued_at, now())
         WHERE s.subscription_id = remove_subscription.subscription_id AND s.due_at > now();
        -- These cards cannot be sent again.
        DELETE FROM o365_internal.dead_card AS d WHERE d.subscription_id = remove_subscription.subscription_id;
        -- The lane is due, so that a worker ends the waiting cards as cancelled.
        PERFORM o365_internal.wake(subscription_id);
        PERFORM o365_internal.note_event('removed', actor, NULL, subscription_id, v_reason, v_status);
    END IF;
    RETURN 'removed';
END $$;
COMMENT ON FUNCTION o365_internal.remove_subscription(bigint, text, text) IS
    'Removes a subscription that the caller has locked, webhook wiped, and notes who did it and which status it had. '
    'Returns the status.';
