CREATE OR REPLACE FUNCTION o365.remove(subscription_id bigint, reason text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
BEGIN
    PERFORM o365_internal.subscription_to_change(subscription_id);
    RETURN o365_internal.remove_subscription(subscription_id, o365_internal.actor(), reason);
END $$;
COMMENT ON FUNCTION o365.remove(bigint, text) IS
    'Removes a subscription for good: its webhook is wiped at once, waiting and later cards end as cancelled, links to '
    'its cards'' actions end, and its history is kept. reason: shown in status_reason, at most 500 characters. Returns '
    'the status. Errors: insufficient_privilege, undefined_object, lock_not_available (another session has it locked '
    'for 5 s).';
