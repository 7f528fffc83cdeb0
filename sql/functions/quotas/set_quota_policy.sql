CREATE OR REPLACE FUNCTION o365.set_quota_policy(subscription_id bigint, policy text, reason text DEFAULT NULL)
RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
BEGIN
    IF policy IS NULL OR policy NOT IN ('kept', 'off') THEN
        RAISE EXCEPTION 'policy % is unknown', quote_nullable(policy)
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'It is kept (the limits of o365.quotas) or off (cards leave as fast as the far end answers).';
    END IF;
    PERFORM o365_internal.subscription_to_change(subscription_id);
    UPDATE o365_internal.lane AS l
       SET quota_off = (policy = 'off'), quota_halved = 0, quota_halved_at = NULL, quota_clear = NULL,
           next_at = CASE WHEN o365_internal.waits_for_quota(l) THEN clock_timestamp() ELSE l.next_at END
     WHERE l.subscription_id = set_quota_policy.subscription_id AND l.quota_off <> (policy = 'off');
    IF FOUND THEN
        PERFORM o365_internal.note_event('changed', o365_internal.actor(), NULL, subscription_id,
                                         o365_internal.reason_text(reason), 'quotas ' || policy);
    END IF;
    RETURN policy;
END $$;
COMMENT ON FUNCTION o365.set_quota_policy(bigint, text, text) IS
    'Sets whether the limits of o365.quotas apply to a subscription. kept: the default. off: for a webhook without '
    'limits; it waits only when it is throttled. Returns the policy. Errors: insufficient_privilege, undefined_object, '
    'invalid_parameter_value, lock_not_available (another session has it locked for 5 s).';
