CREATE OR REPLACE FUNCTION o365.renewal_link(subscription_id bigint) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_subscription o365_internal.subscription;
BEGIN
    SELECT s.* INTO v_subscription FROM o365_internal.subscription AS s
     WHERE s.subscription_id = renewal_link.subscription_id;
    IF NOT (o365_internal.is_operator() OR coalesce(o365_internal.may_use(v_subscription.connector_id), false)) THEN
        RAISE EXCEPTION 'there is no subscription % that role % may use', coalesce(subscription_id::text, 'NULL'),
            session_user
            USING ERRCODE = 'insufficient_privilege',
                  HINT = 'select * from o365.subscriptions lists those that it may.';
    END IF;
    IF v_subscription.subscription_id IS NULL OR v_subscription.status IN ('pending', 'removed') THEN
        RAISE EXCEPTION 'there is no subscription % to renew', coalesce(subscription_id::text, 'NULL')
            USING ERRCODE = 'undefined_object',
                  HINT = 'select * from o365.subscriptions lists them; '
                         'one that is pending or removed has no new address.';
    END IF;
    IF v_subscription.app_user IS NULL THEN
        RAISE EXCEPTION 'subscription % was connected without a ticket, so nobody is known who could renew it',
            subscription_id
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Whoever connected it connects once more, on the connector''s landing page.';
    END IF;
    IF NOT EXISTS (SELECT FROM o365_internal.connector AS c
                    WHERE c.connector_id = v_subscription.connector_id AND c.removed_at IS NULL) THEN
        RAISE EXCEPTION 'the connector of subscription % was removed', subscription_id
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'An operator registers it again: select o365.register_connector(...).';
    END IF;
    RETURN o365_internal.connect_link(v_subscription.connector_id, v_subscription.app_user,
        v_subscription.app_state, NULL, v_subscription.subscription_id, v_subscription.label, NULL, interval '7 days');
END $$;
COMMENT ON FUNCTION o365.renewal_link(bigint) IS
    'Returns a link by which the user of a connection gives it a new webhook; number, settings and waiting cards stay. '
    'It serves once and for seven days, so that it can be sent in a message; treat it like a password. For operators, '
    'and for applications that use the connector. Errors: insufficient_privilege, undefined_object (none, pending or '
    'removed), object_not_in_prerequisite_state (connected without a ticket, the connector was removed, '
    'public_url is not set).';
