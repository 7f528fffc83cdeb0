CREATE OR REPLACE FUNCTION o365.resume(subscription_id bigint, reason text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
BEGIN
    PERFORM o365_internal.subscription_to_change(subscription_id);
    RETURN o365_internal.resume_subscription(subscription_id, o365_internal.actor(), reason);
END $$;
COMMENT ON FUNCTION o365.resume(bigint, text) IS
    'Lets a paused or suspended subscription send again, waiting cards first. One whose webhook has to be proven first '
    '(it was imported so, or was gone and pasted again) is not made active: suspended it is an error, paused it '
    'becomes suspended. Applications may resume connections of connectors that they may use, operators all. reason: '
    'shown in status_reason, at most 500 characters. Returns the status. Errors: insufficient_privilege, '
    'undefined_object, object_not_in_prerequisite_state, lock_not_available (another session has it locked for 5 s).';
