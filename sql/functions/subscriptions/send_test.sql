CREATE OR REPLACE FUNCTION o365.send_test(subscription_id bigint) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    c_a_minute CONSTANT integer := 3;
    v_subscription o365_internal.subscription := o365_internal.subscription_to_change(subscription_id);
    v_connector_name text := (SELECT c.name FROM o365_internal.connector AS c
                               WHERE c.connector_id = v_subscription.connector_id);
    v_card_id bigint;
BEGIN
    IF v_subscription.status NOT IN ('active', 'paused', 'suspended') THEN
        RAISE EXCEPTION 'subscription % is %', subscription_id, v_subscription.status
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = CASE v_subscription.status
                      WHEN 'pending' THEN 'Its user has not confirmed or proven it yet.'
                      ELSE 'Its user has to connect again: the application links to what o365.begin_connect returns.' END;
    END IF;
    IF (SELECT count(*) FROM o365_internal.event AS e
         WHERE e.subscription_id = send_test.subscription_id AND e.kind = 'tested'
           AND e.at > clock_timestamp() - interval '1 minute') >= c_a_minute THEN
        RAISE EXCEPTION '% test cards were sent to subscription % within a minute', c_a_minute, subscription_id
            USING ERRCODE = 'program_limit_exceeded', HINT = 'Wait a minute, and see o365.posts for what became of them.';
    END IF;
    v_card_id := o365_internal.queue_test_card(subscription_id, o365.card(
        title => 'Test card',
        text => format('A test of the connection with %s, sent at %s UTC. There is nothing to do.',
                       o365.markdown_escape(v_connector_name), to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')),
        summary => 'Test card')::text, 'test');
    PERFORM o365_internal.note_event('tested', o365_internal.actor(), v_subscription.connector_id, subscription_id,
                                     detail => v_card_id::text);
    RETURN v_card_id;
END $$;
COMMENT ON FUNCTION o365.send_test(bigint) IS
    'Posts a test card to a connection, before all that waits there and also while it is paused or suspended; returns '
    'its card_id: o365.posts and o365.deliveries say what became of it. At most 3 a minute. Applications may test '
    'connections of connectors that they may use, operators all. Errors: insufficient_privilege, undefined_object, '
    'object_not_in_prerequisite_state (pending, gone, retired or removed), program_limit_exceeded (the fourth within '
    'a minute), lock_not_available (another session has it locked for 5 s).';
