-- This function has no SET clauses: those of o365.send and o365.try_send apply, and a second set would cost as much as
-- the INSERT.
CREATE OR REPLACE FUNCTION o365_internal.send_card(subscription_id bigint, card jsonb, event text, extra jsonb,
    not_before timestamptz, not_after timestamptz, collapse text, dedupe text, urgent boolean,
    OUT card_id bigint, OUT problems jsonb)
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_connector_id integer;
    v_is_granted boolean;
    v_json text := card::text;
    v_size_limit integer;
    v_dialect text;
    v_target_urls text[];
    v_events text[];
    v_status text;
    v_status_reason text;
    v_payload text;
    v_extra jsonb;
    v_unwanted boolean;
    v_max_age interval;
    v_sent bigint;
    v_actions jsonb;
BEGIN
    SELECT s.connector_id, s.dialect, s.status, s.status_reason, s.payload, s.extra, event = ANY (s.unwanted_events),
           c.target_urls, c.events, c.max_age,
           (SELECT t.value::integer FROM o365_internal.setting AS t WHERE t.name = 'card_size_limit'),
           -- The first check of may_use: usually it suffices and saves the call.
           EXISTS (SELECT FROM o365_internal.application AS a
                    WHERE a.connector_id = s.connector_id AND a.role = session_user)
      INTO v_connector_id, v_dialect, v_status, v_status_reason, v_payload, v_extra, v_unwanted, v_target_urls,
           v_events, v_max_age, v_size_limit, v_is_granted
      FROM o365_internal.subscription AS s JOIN o365_internal.connector AS c ON c.connector_id = s.connector_id
     WHERE s.subscription_id = send_card.subscription_id;
    IF NOT FOUND OR NOT (v_is_granted OR o365_internal.may_use(v_connector_id)) THEN
        RAISE EXCEPTION 'there is no connection % that role % may send to', coalesce(subscription_id::text, 'NULL'),
            session_user
            USING ERRCODE = 'insufficient_privilege', HINT = 'select * from o365.connections(app_user) lists them.';
    END IF;
    IF length(event) > 200 THEN
        RAISE EXCEPTION 'event has % characters', length(event)
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'It names one of the connector''s events, in at most 200.';
    END IF;
    IF extra IS NOT NULL THEN
        PERFORM o365_internal.check_extra(extra);
    END IF;
    problems := o365_internal.card_problems(card, v_dialect, v_target_urls, v_json, v_size_limit);
    IF event <> ALL (v_events) THEN
        problems := problems || o365_internal.event_problem(event, v_events);
    END IF;
    -- Errors come first.
    IF problems #>> '{0,severity}' IS DISTINCT FROM 'error' THEN
        IF problems <> '[]' THEN
            card := o365_internal.card_to_send(card, v_dialect, problems);
            v_json := card::text;
        END IF;
        IF extra IS NOT NULL OR v_extra IS NOT NULL THEN
            problems := o365_internal.extra_problems(card, v_dialect, v_payload, extra, v_extra) || problems;
        END IF;
    END IF;
    IF problems #>> '{0,severity}' IS DISTINCT FROM 'error' THEN
        card_id := nextval('o365_internal.card_id');
        IF not_before IS NULL AND not_after IS NULL AND v_max_age IS NULL AND collapse IS NULL AND dedupe IS NULL
           AND urgent IS NOT TRUE THEN
            INSERT INTO o365_internal.outbox (card_id, position, subscription_id, card, event, extra)
                VALUES (send_card.card_id, send_card.card_id, send_card.subscription_id, v_json,
                        send_card.event, nullif(send_card.extra, '{}'));
        ELSE
            PERFORM o365_internal.check_options(not_before, not_after, collapse, dedupe);
            v_sent := o365_internal.put_card(card_id, subscription_id, v_json, event, extra, not_before, not_after,
                                             v_max_age, collapse, dedupe, urgent);
            IF v_sent <> card_id THEN
                card_id := v_sent;
                problems := o365_internal.repeated_problem(card_id, dedupe);
                RETURN;
            END IF;
        END IF;
        IF problems <> '[]' THEN
            INSERT INTO o365_internal.card_warning (card_id, subscription_id, warnings)
                VALUES (send_card.card_id, send_card.subscription_id, problems);
        END IF;
        -- For Workflows each such action has a warning, but the warnings cannot be used here, because only a hundred
        -- are kept.
        IF problems <> '[]' OR v_dialect = 'connector' AND card ?| '{potentialAction,sections}' THEN
            v_actions := o365_internal.kept_actions(card, v_dialect);
            IF v_actions IS NOT NULL THEN
                INSERT INTO o365_internal.card_action (card_id, subscription_id, title, actions, at)
                    VALUES (send_card.card_id, send_card.subscription_id, o365_internal.card_name(send_card.card),
                            v_actions, greatest(now(), send_card.not_before));
            END IF;
        END IF;
        IF v_status = 'removed' THEN
            PERFORM o365_internal.lock_removed(ARRAY[subscription_id]);
        END IF;
        -- This warning is returned but not stored: it is about the connection's current state, and every card of a long
        -- pause would have it.
        IF v_status <> 'active' THEN
            problems := problems || o365_internal.status_problem(v_status, v_status_reason);
        END IF;
        IF v_unwanted THEN
            problems := problems || o365_internal.unwanted_problem(event);
        END IF;
    END IF;
END $$;
COMMENT ON FUNCTION o365_internal.send_card(bigint, jsonb, text, jsonb, timestamptz, timestamptz, text, text, boolean)
    IS 'What o365.send and o365.try_send do, whose settings it needs: arguments, result and errors are those of '
    'o365.try_send.';
