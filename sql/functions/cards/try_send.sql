CREATE OR REPLACE FUNCTION o365.try_send(subscription_id bigint, card jsonb, event text DEFAULT NULL,
    extra jsonb DEFAULT NULL, not_before timestamptz DEFAULT NULL, not_after timestamptz DEFAULT NULL,
    collapse text DEFAULT NULL, dedupe text DEFAULT NULL, urgent boolean DEFAULT NULL,
    OUT card_id bigint, OUT problems jsonb)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_connector_id integer;
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
           c.target_urls, c.events, c.max_age
      INTO v_connector_id, v_dialect, v_status, v_status_reason, v_payload, v_extra, v_unwanted, v_target_urls,
           v_events, v_max_age
      FROM o365_internal.subscription AS s JOIN o365_internal.connector AS c ON c.connector_id = s.connector_id
     WHERE s.subscription_id = try_send.subscription_id;
    IF NOT FOUND OR NOT o365_internal.may_use(v_connector_id) THEN
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
    problems := o365_internal.card_problems(card, v_dialect, v_target_urls);
    IF event <> ALL (v_events) THEN
        problems := problems || o365_internal.event_problem(event, v_events);
    END IF;
    -- Errors come first.
    IF problems #>> '{0,severity}' IS DISTINCT FROM 'error' THEN
        IF problems <> '[]' THEN
            card := o365_internal.card_to_send(card, v_dialect, problems);
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
                VALUES (try_send.card_id, try_send.card_id, try_send.subscription_id, try_send.card::text,
                        try_send.event, nullif(try_send.extra, '{}'));
        ELSE
            PERFORM o365_internal.check_options(not_before, not_after, collapse, dedupe);
            v_sent := o365_internal.put_card(card_id, subscription_id, card::text, event, extra, not_before, not_after,
                                             v_max_age, collapse, dedupe, urgent);
            IF v_sent <> card_id THEN
                card_id := v_sent;
                problems := o365_internal.repeated_problem(card_id, dedupe);
                RETURN;
            END IF;
        END IF;
        IF problems <> '[]' THEN
            INSERT INTO o365_internal.card_warning (card_id, subscription_id, warnings)
                VALUES (try_send.card_id, try_send.subscription_id, problems);
        END IF;
        -- At Workflows each such action has its warning. Those are not read for it: only a hundred are kept.
        IF problems <> '[]' OR v_dialect = 'connector' AND card ?| '{potentialAction,sections}' THEN
            v_actions := o365_internal.kept_actions(card, v_dialect);
            IF v_actions IS NOT NULL THEN
                INSERT INTO o365_internal.card_action (card_id, subscription_id, title, actions, at)
                    VALUES (try_send.card_id, try_send.subscription_id, o365_internal.card_name(try_send.card),
                            v_actions, greatest(now(), try_send.not_before));
            END IF;
        END IF;
        IF v_status = 'removed' THEN
            PERFORM o365_internal.lock_removed(ARRAY[subscription_id]);
        END IF;
        -- Said, not kept: it is about the connection of this moment, and may be said of every card of a long pause.
        IF v_status <> 'active' THEN
            problems := problems || o365_internal.status_problem(v_status, v_status_reason);
        END IF;
        IF v_unwanted THEN
            problems := problems || o365_internal.unwanted_problem(event);
        END IF;
    END IF;
END $$;
COMMENT ON FUNCTION o365.try_send(bigint, jsonb, text, jsonb, timestamptz, timestamptz, text, text, boolean) IS
    'Like o365.send, but a card that o365.check_card refuses is not an error: card_id is null and problems lists why. '
    'problems has warnings too, of a card that was sent as well; o365.card_warnings keeps them. A connection that is '
    'paused, pending, suspended, gone, retired or removed is a warning in problems, which is not kept, and so is an '
    'event that its user does not want: the card ends as cancelled. An event that the connector has not registered is '
    'a warning that is kept. extra: fields beside the card in the envelope, an object of strings; they win over those '
    'of o365.set_extra, and are left out, with a warning, where the webhook takes a card alone. Options are those of '
    'o365.send; a card that repeats a dedupe key is a warning, and card_id is the first one''s. A text that is no '
    'JSON, or has \u0000, fails as PostgreSQL reads it. Errors: insufficient_privilege, invalid_parameter_value '
    '(event, extra, options), lock_not_available (dedupe).';

-- Drivers send json, and text: a parameter or literal without a type is text too.
CREATE OR REPLACE FUNCTION o365.try_send(subscription_id bigint, card json, event text DEFAULT NULL,
    extra json DEFAULT NULL, not_before timestamptz DEFAULT NULL, not_after timestamptz DEFAULT NULL,
    collapse text DEFAULT NULL, dedupe text DEFAULT NULL, urgent boolean DEFAULT NULL,
    OUT card_id bigint, OUT problems jsonb)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
BEGIN
    SELECT t.card_id, t.problems INTO try_send.card_id, try_send.problems
      FROM o365.try_send(try_send.subscription_id, try_send.card::jsonb, try_send.event, try_send.extra::jsonb,
                         not_before, not_after, collapse, dedupe, urgent) AS t;
END $$;
COMMENT ON FUNCTION o365.try_send(bigint, json, text, json, timestamptz, timestamptz, text, text, boolean) IS
    'o365.try_send for a card of type json. Errors: insufficient_privilege, invalid_parameter_value (event, extra, '
    'options), lock_not_available (dedupe).';

CREATE OR REPLACE FUNCTION o365.try_send(subscription_id bigint, card text, event text DEFAULT NULL,
    extra text DEFAULT NULL, not_before timestamptz DEFAULT NULL, not_after timestamptz DEFAULT NULL,
    collapse text DEFAULT NULL, dedupe text DEFAULT NULL, urgent boolean DEFAULT NULL,
    OUT card_id bigint, OUT problems jsonb)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
BEGIN
    SELECT t.card_id, t.problems INTO try_send.card_id, try_send.problems
      FROM o365.try_send(try_send.subscription_id, try_send.card::jsonb, try_send.event, try_send.extra::jsonb,
                         not_before, not_after, collapse, dedupe, urgent) AS t;
END $$;
COMMENT ON FUNCTION o365.try_send(bigint, text, text, text, timestamptz, timestamptz, text, text, boolean) IS
    'o365.try_send for a card that is a JSON text. Errors: insufficient_privilege, invalid_parameter_value (event, '
    'extra, options), lock_not_available (dedupe), and what PostgreSQL says of a text that is no JSON.';
