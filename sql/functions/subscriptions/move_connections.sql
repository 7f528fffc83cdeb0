CREATE OR REPLACE FUNCTION o365.move_connections(from_user text, to_user text, reason text DEFAULT NULL)
RETURNS TABLE (subscription_id bigint, connector text, moved boolean, problem text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
DECLARE
    v_all boolean := o365_internal.is_operator();
    v_subscription o365_internal.subscription;
    v_same bigint;
BEGIN
    PERFORM o365_internal.check_connecting_user('to_user', to_user);
    IF from_user = to_user THEN
        RETURN;
    END IF;
    FOR subscription_id IN
        SELECT s.subscription_id FROM o365_internal.subscription AS s
         WHERE s.app_user = from_user AND s.status <> 'removed' AND (v_all OR o365_internal.may_use(s.connector_id))
         ORDER BY s.subscription_id
    LOOP
        v_subscription := o365_internal.subscription_to_change(subscription_id);
        CONTINUE WHEN v_subscription.status = 'removed' OR v_subscription.app_user <> from_user;
        -- A user can have a webhook only once with a connector.
        v_same := (SELECT s.subscription_id FROM o365_internal.subscription AS s
                    WHERE s.connector_id = v_subscription.connector_id AND s.app_user = to_user
                      AND s.webhook_index = v_subscription.webhook_index AND s.status <> 'removed');
        moved := v_same IS NULL;
        problem := CASE WHEN NOT moved THEN
            format('%s has this webhook already, as connection %s: remove one of the two', to_user, v_same) END;
        IF moved THEN
            UPDATE o365_internal.subscription AS s SET app_user = to_user
             WHERE s.subscription_id = v_subscription.subscription_id;
            PERFORM o365_internal.note_event('moved', o365_internal.actor(), v_subscription.connector_id,
                                             subscription_id, o365_internal.reason_text(move_connections.reason),
                                             from_user);
        END IF;
        connector := (SELECT c.slug FROM o365_internal.connector AS c
                       WHERE c.connector_id = v_subscription.connector_id);
        RETURN NEXT;
    END LOOP;
END $$;
COMMENT ON FUNCTION o365.move_connections(text, text, text) IS
    'Gives the connections of one user of the application to another, over the connectors that the session may use, '
    'and for an operator over all; they keep their numbers, settings and queues. One row for each, none if there is '
    'none. A connection that the other user has already, with the same webhook, is not moved: moved is false and '
    'problem says so. Links of o365.begin_connect that were handed out to the first user still connect for that one. '
    'reason: shown in o365.events. Errors: invalid_parameter_value (to_user), lock_not_available (another session has '
    'a connection locked for 5 s); insufficient_privilege and undefined_object if a grant or a connection is removed '
    'meanwhile.';
