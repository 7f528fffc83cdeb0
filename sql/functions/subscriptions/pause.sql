CREATE OR REPLACE FUNCTION o365.pause(subscription_id bigint, reason text DEFAULT NULL, until timestamptz DEFAULT NULL)
RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
BEGIN
    PERFORM o365_internal.check_end(until, 'pause', 'o365.resume');
    PERFORM o365_internal.subscription_to_change(subscription_id);
    RETURN o365_internal.pause_subscription(subscription_id, o365_internal.actor(), reason, nullif(until, 'infinity'));
END $$;
COMMENT ON FUNCTION o365.pause(bigint, text, timestamptz) IS
    'Pauses a subscription: within 2 s of the commit nothing is posted to it, and its cards wait. With until it '
    'resumes by itself, within a minute of that time while a worker runs; without, when somebody calls o365.resume. '
    'Another call replaces reason and end. Applications may pause connections of connectors that they may use, '
    'operators all. reason: shown in status_reason, at most 500 characters. Returns the status. Errors: '
    'insufficient_privilege, undefined_object, object_not_in_prerequisite_state, invalid_parameter_value (until), '
    'lock_not_available (another session has it locked for 5 s).';
