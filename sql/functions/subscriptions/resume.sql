CREATE OR REPLACE FUNCTION o365.resume(subscription_id bigint) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_subscription o365_internal.subscription := o365_internal.subscription_to_change(subscription_id);
BEGIN
    IF v_subscription.status NOT IN ('active', 'paused', 'suspended') THEN
        RAISE EXCEPTION 'subscription % is %', subscription_id, v_subscription.status
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Its user has to connect again: the application links to what o365.begin_connect returns.';
    END IF;
    IF v_subscription.status <> 'active' THEN
        UPDATE o365_internal.subscription AS s SET status = 'active', status_reason = NULL, status_at = now()
         WHERE s.subscription_id = resume.subscription_id;
        PERFORM o365_internal.wake(subscription_id);
    END IF;
    RETURN 'active';
END $$;
COMMENT ON FUNCTION o365.resume(bigint) IS
    'Lets a paused or suspended subscription send again, waiting cards first. Returns the status. Errors: undefined_object, '
    'object_not_in_prerequisite_state, lock_not_available (another session has it locked for 5 s).';
