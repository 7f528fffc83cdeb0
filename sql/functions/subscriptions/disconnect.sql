CREATE OR REPLACE FUNCTION o365.disconnect(subscription_id bigint, reason text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
BEGIN
    PERFORM o365_internal.subscription_to_change(subscription_id);
    RETURN o365_internal.remove_subscription(subscription_id, o365_internal.actor(), reason);
END $$;
COMMENT ON FUNCTION o365.disconnect(bigint, text) IS
    'Removes a connection for good, as o365.remove does, for an application that may use its connector. Its webhook is '
    'wiped at once, waiting and later cards end as cancelled. Returns the status, removed. '
    'Errors: insufficient_privilege, undefined_object, lock_not_available (another session has it locked for 5 s).';
