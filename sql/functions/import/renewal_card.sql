CREATE OR REPLACE FUNCTION o365.renewal_card(subscription_id bigint, via bigint DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    -- Also judges who may call this, and what can be renewed.
    v_link text := o365.renewal_link(subscription_id);
    v_subscription o365_internal.subscription;
    v_via o365_internal.subscription;
    v_name text;
    v_place text;
    v_text text;
BEGIN
    SELECT s.* INTO v_subscription FROM o365_internal.subscription AS s
     WHERE s.subscription_id = renewal_card.subscription_id;
    IF v_subscription.status NOT IN ('suspended', 'gone', 'retired') THEN
        RAISE EXCEPTION 'subscription % is %', subscription_id, v_subscription.status
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = format('A reminder is for one that is suspended, gone or retired. '
                                'select o365.renewal_link(%s) serves for any.', subscription_id);
    END IF;
    IF via IS NOT NULL THEN
        v_via := o365_internal.connection_to_manage(via);
        -- The link is a password: it must reach no other person, and no place of another application.
        IF v_via.app_user IS DISTINCT FROM v_subscription.app_user OR v_via.connector_id <> v_subscription.connector_id
           OR via = subscription_id THEN
            RAISE EXCEPTION 'connection % is no other one of the same user and connector as %', via, subscription_id
                USING ERRCODE = 'invalid_parameter_value',
                      HINT = 'Whoever sees the card can give the connection a new webhook. '
                             'select * from o365.connections(app_user) lists those of the user.';
        END IF;
    END IF;
    v_name := (SELECT c.name FROM o365_internal.connector AS c WHERE c.connector_id = v_subscription.connector_id);
    v_place := coalesce(o365_internal.one_line(v_subscription.group_name), 'one of your channels');
    v_text := format('%s cannot post in %s any more. Press the button to give it a new webhook; what waits is '
                     'posted then. The link works once, for seven days.',
                     o365.markdown_escape(o365_internal.one_line(v_name)), o365.markdown_escape(v_place));
    IF v_via.dialect = 'workflow' THEN
        RETURN jsonb_build_object('type', 'AdaptiveCard', 'version', '1.2',
            '$schema', 'http://adaptivecards.io/schemas/adaptive-card.json',
            'fallbackText', v_name || ' needs a new webhook',
            'body', jsonb_build_array(
                jsonb_build_object('type', 'TextBlock', 'size', 'Medium', 'weight', 'Bolder', 'wrap', true,
                                   'text', o365.markdown_escape(v_name || ' needs a new webhook')),
                jsonb_build_object('type', 'TextBlock', 'wrap', true, 'text', v_text)),
            'actions', jsonb_build_array(jsonb_build_object('type', 'Action.OpenUrl',
                                                              'title', 'Give it a new webhook', 'url', v_link)));
    END IF;
    RETURN o365.card(v_name || ' needs a new webhook', v_text, link => v_link, link_title => 'Give it a new webhook',
                     summary => v_name || ' needs a new webhook');
END $$;
COMMENT ON FUNCTION o365.renewal_card(bigint, bigint) IS
    'A card that leads the user of a suspended, gone or retired connection to the page where it gets a new webhook, '
    'for o365.send to another connection of the same user, via. Its button has a link of o365.renewal_link: whoever '
    'sees the card can use it, once and for seven days. An Adaptive Card where via is a workflow, else a MessageCard, '
    'which serves for both. For operators, and for applications that use the connector. Errors: '
    'insufficient_privilege, undefined_object (none, pending or removed), object_not_in_prerequisite_state (it works; '
    'connected without a ticket; public_url is not set), invalid_parameter_value (via is of another user or '
    'connector).';
