CREATE OR REPLACE FUNCTION o365.remove(subscription_id bigint) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_subscription o365_internal.subscription := o365_internal.subscription_to_change(subscription_id);
BEGIN
    IF v_subscription.status <> 'removed' THEN
        UPDATE o365_internal.subscription AS s
           SET status = 'removed', status_reason = NULL, status_at = now(), sealed = NULL, key_id = NULL, webhook_index = NULL, user_index = NULL,
               replacement = NULL, replacement_key_id = NULL
         WHERE s.subscription_id = remove.subscription_id;
        DELETE FROM o365_internal.card_action AS a WHERE a.subscription_id = remove.subscription_id;
        -- Due, so that a worker ends what waits as cancelled.
        PERFORM o365_internal.wake(subscription_id);
    END IF;
    RETURN 'removed';
END $$;
COMMENT ON FUNCTION o365.remove(bigint) IS
    'Removes a subscription for good: its webhook is wiped at once, waiting and later cards end as cancelled, links to its cards'' actions end, history '
    'stays. Returns the status. '
    'Errors: undefined_object, lock_not_available (another session has it locked for 5 s).';
