CREATE OR REPLACE FUNCTION o365.send_test(subscription_id bigint) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_subscription o365_internal.subscription := o365_internal.subscription_to_change(subscription_id);
    v_connector_name text := (SELECT c.name FROM o365_internal.connector AS c
                               WHERE c.connector_id = v_subscription.connector_id);
    v_too_many integer;
    v_card_id bigint;
BEGIN
    IF v_subscription.status NOT IN ('active', 'paused', 'suspended') THEN
        RAISE EXCEPTION 'subscription % is %', subscription_id, v_subscription.status
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = CASE v_subscription.status
                      WHEN 'pending' THEN 'Its user has not confirmed or proven it yet.'
                      ELSE 'Its user has to connect again: the application links to what o365.begin_connect '
                           'returns.' END;
    END IF;
    v_too_many := o365_internal.too_many_tests(subscription_id);
    IF v_too_many IS NOT NULL THEN
        RAISE EXCEPTION '% test cards were sent to subscription % within a minute', v_too_many, subscription_id
            USING ERRCODE = 'program_limit_exceeded',
                  HINT = 'Wait a minute, and see o365.posts for what became of them.';
    END IF;
    v_card_id := o365_internal.queue_test_card(subscription_id, o365.card(
        title => 'Test card',
        text => format('A test of the connection with %s, sent at %s UTC. There is nothing to do.',
                       o365.markdown_escape(v_connector_name),
                       to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')),
        summary => 'Test card')::text, 'test');
    PERFORM o365_internal.note_event('tested', o365_internal.actor(), v_subscription.connector_id, subscription_id,
                                     detail => v_card_id::text);
    RETURN v_card_id;
END $$;
COMMENT ON FUNCTION o365.send_test(bigint) IS
    'Posts a test card to a connection, before all waiting cards and even while it is paused or suspended; returns its '
    'card_id: o365.posts and o365.deliveries show the result. At most tests_per_minute (3 by default). Applications '
    'may test connections of connectors that they may use, operators all. Errors: insufficient_privilege, '
    'undefined_object, object_not_in_prerequisite_state (pending, gone, retired or removed), program_limit_exceeded '
    '(one more within a minute), lock_not_available (another session has it locked for 5 s).';
