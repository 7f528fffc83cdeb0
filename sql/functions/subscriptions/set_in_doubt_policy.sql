CREATE OR REPLACE FUNCTION o365.set_in_doubt_policy(subscription_id bigint, policy text, reason text DEFAULT NULL)
RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_subscription o365_internal.subscription;
BEGIN
    IF policy IS NULL OR policy NOT IN ('resend', 'skip') THEN
        RAISE EXCEPTION 'policy % is unknown', quote_nullable(policy)
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'It is resend (a card whose answer was lost is sent again and may be shown twice) or skip (it '
                         'ends as in_doubt and may be lost).';
    END IF;
    v_subscription := o365_internal.subscription_to_change(subscription_id);
    UPDATE o365_internal.subscription AS s SET in_doubt_policy = set_in_doubt_policy.policy
     WHERE s.subscription_id = set_in_doubt_policy.subscription_id;
    IF v_subscription.in_doubt_policy <> policy THEN
        PERFORM o365_internal.note_event('changed', o365_internal.actor(), NULL, subscription_id,
                                         o365_internal.reason_text(reason), policy);
    END IF;
    RETURN policy;
END $$;
COMMENT ON FUNCTION o365.set_in_doubt_policy(bigint, text, text) IS
    'Sets what happens to a card of a subscription that was posted without a clear answer. resend, the default: it is '
    'posted again at most unclear_answers times, and may be shown more than once. skip: it ends as in_doubt at once, '
    'and may be lost. reason: shown in o365.events. Returns the policy. Errors: insufficient_privilege, '
    'undefined_object, invalid_parameter_value, lock_not_available (another session has it locked for 5 s).';
