CREATE OR REPLACE FUNCTION o365_internal.resume_subscription(subscription_id bigint, actor text, reason text)
RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_status text;
    v_awaits_proof boolean;
    v_reason text := o365_internal.reason_text(reason);
BEGIN
    SELECT s.status, s.awaits_proof INTO v_status, v_awaits_proof FROM o365_internal.subscription AS s
     WHERE s.subscription_id = resume_subscription.subscription_id;
    IF v_status NOT IN ('active', 'paused', 'suspended') THEN
        RAISE EXCEPTION 'subscription % is %', subscription_id, v_status
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = CASE v_status WHEN 'pending'
                      THEN 'Its user has to say yes, or to type the code of its test card, on the page that followed '
                           'connecting.'
                      ELSE 'Its user has to connect again: the application links to what o365.begin_connect returns.'
                      END;
    END IF;
    IF v_awaits_proof AND v_status = 'paused' THEN
        -- The pause ends, and the connection waits for its proof as before.
        UPDATE o365_internal.subscription AS s
           SET status = 'suspended', status_reason = 'its webhook is not proven yet', status_at = now(),
               paused_until = NULL, paused_by = NULL
         WHERE s.subscription_id = resume_subscription.subscription_id;
        PERFORM o365_internal.note_event('suspended', actor, NULL, subscription_id, 'its webhook is not proven yet');
        RETURN 'suspended';
    ELSIF v_awaits_proof THEN
        RAISE EXCEPTION 'the webhook of subscription % is not proven yet', subscription_id
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = format('Its user types the code of a test card: '
                                'give them what select o365.renewal_link(%s) returns.',
                                subscription_id);
    END IF;
    IF v_status <> 'active' THEN
        UPDATE o365_internal.subscription AS s
           SET status = 'active', status_reason = v_reason, status_at = now(), paused_until = NULL, paused_by = NULL
         WHERE s.subscription_id = resume_subscription.subscription_id;
        PERFORM o365_internal.wake(subscription_id);
        PERFORM o365_internal.note_event('resumed', actor, NULL, subscription_id, v_reason);
    END IF;
    RETURN 'active';
END $$;
COMMENT ON FUNCTION o365_internal.resume_subscription(bigint, text, text) IS
    'Makes a paused or suspended subscription active, which the caller has locked, and notes who did it. Returns the '
    'status, which is suspended for one that was paused and whose webhook has to be proven first. Error: '
    'object_not_in_prerequisite_state.';
