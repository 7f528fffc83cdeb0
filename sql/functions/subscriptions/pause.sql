CREATE OR REPLACE FUNCTION o365.pause(subscription_id bigint) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_subscription o365_internal.subscription := o365_internal.subscription_to_change(subscription_id);
BEGIN
    IF v_subscription.status NOT IN ('active', 'paused', 'suspended') THEN
        RAISE EXCEPTION 'subscription % is %', subscription_id, v_subscription.status
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Only an active or suspended one can be paused.';
    END IF;
    IF v_subscription.status <> 'paused' THEN
        PERFORM o365_internal.hold(subscription_id, 'paused', NULL);
    END IF;
    RETURN 'paused';
END $$;
COMMENT ON FUNCTION o365.pause(bigint) IS
    'Pauses a subscription: from 2 s after the commit nothing is sent to it; what is sent meanwhile waits. Returns the status. Errors: '
    'undefined_object, object_not_in_prerequisite_state, lock_not_available (another session has it locked for 5 s).';
