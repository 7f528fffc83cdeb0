-- Sending. A send inserts one row and touches nothing that another session could wait for.

CREATE OR REPLACE FUNCTION o365.check_card(card jsonb, dialect text DEFAULT 'connector')
RETURNS TABLE (severity text, path text, problem text, hint text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_limit integer := o365_internal.integer_setting('card_size_limit');
    v_size integer := octet_length(card::text);
BEGIN
    IF dialect IS NULL OR dialect NOT IN ('connector', 'workflow') THEN
        RAISE EXCEPTION 'dialect % is unknown', quote_nullable(dialect)
            USING ERRCODE = 'invalid_parameter_value', HINT = 'It is connector or workflow.';
    END IF;
    IF card IS NULL OR jsonb_typeof(card) <> 'object' THEN
        RETURN QUERY SELECT 'error', '$', 'the card is not a JSON object', 'Send an object: {"@type": "MessageCard", "text": "..."}.';
        RETURN;
    END IF;
    IF v_size > v_limit THEN
        RETURN QUERY SELECT 'error', '$', format('the card has %s bytes, %s are allowed', v_size, v_limit),
            'Microsoft refuses cards over 28 KB as it counts them, which is up to a fifth more than ours. Shorten texts or send several cards.';
    END IF;
    IF dialect = 'connector' THEN
        IF card->>'type' IN ('AdaptiveCard', 'message') THEN
            RETURN QUERY SELECT 'error', '$.type', 'a connector webhook takes no Adaptive Card', 'Send a MessageCard: {"@type": "MessageCard", "text": "..."}.';
        ELSIF EXISTS (SELECT FROM (VALUES (card->'text'), (card->'summary')) AS v (value)
                       WHERE v.value IS NOT NULL AND jsonb_typeof(v.value) NOT IN ('string', 'null')) THEN
            RETURN QUERY SELECT 'error', CASE WHEN jsonb_typeof(card->'text') IN ('string', 'null') OR NOT card ? 'text'
                                              THEN '$.summary' ELSE '$.text' END,
                'text and summary must be strings', 'Write "text": "..."; numbers and objects become text on your side.';
        ELSIF coalesce(card->>'text', '') !~ '[^[:space:]]' AND coalesce(card->>'summary', '') !~ '[^[:space:]]' THEN
            RETURN QUERY SELECT 'error', '$.text', 'the card has neither text nor summary', 'Write one of them; Microsoft answers "Summary or Text is required."';
        END IF;
    ELSIF NOT coalesce(card->>'type' = 'AdaptiveCard' AND jsonb_typeof(card->'body') = 'array', false)
          AND NOT coalesce(card->>'type' = 'message' AND jsonb_typeof(card->'attachments') = 'array' AND jsonb_array_length(card->'attachments') > 0, false) THEN
        RETURN QUERY SELECT 'error', '$.type', 'a Workflows webhook takes Adaptive Cards only',
            'Send {"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "..."}]}.';
    END IF;
END $$;
COMMENT ON FUNCTION o365.check_card(jsonb, text) IS
    'What is wrong with a card for a dialect, a row each: severity error (o365.send refuses it), JSON path, problem and what to write instead. No '
    'row: it may be sent. Source: office365-connectors.md 3.1, 3.2, 4.1. Error: invalid_parameter_value for an unknown dialect.';

CREATE OR REPLACE FUNCTION o365.try_send(subscription_id bigint, card jsonb, event text DEFAULT NULL, OUT card_id bigint, OUT problems jsonb)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_connector_id integer;
    v_dialect text;
BEGIN
    SELECT s.connector_id, s.dialect INTO v_connector_id, v_dialect FROM o365_internal.subscription AS s
     WHERE s.subscription_id = try_send.subscription_id;
    IF NOT FOUND OR NOT o365_internal.may_use(v_connector_id) THEN
        RAISE EXCEPTION 'there is no connection % that role % may send to', coalesce(subscription_id::text, 'NULL'), session_user
            USING ERRCODE = 'insufficient_privilege', HINT = 'select * from o365.connections(app_user) lists them.';
    END IF;
    IF length(event) > 200 THEN
        RAISE EXCEPTION 'event has % characters', length(event)
            USING ERRCODE = 'invalid_parameter_value', HINT = 'It names one of the connector''s events, in at most 200.';
    END IF;
    SELECT jsonb_agg(jsonb_build_object('severity', p.severity, 'path', p.path, 'problem', p.problem, 'hint', p.hint)) INTO problems
        FROM o365.check_card(card, v_dialect) AS p;
    IF problems IS NULL THEN
        problems := '[]';
        card_id := nextval('o365_internal.card_id');
        INSERT INTO o365_internal.outbox (card_id, position, subscription_id, card, event)
            VALUES (try_send.card_id, try_send.card_id, try_send.subscription_id, try_send.card::text, try_send.event);
    END IF;
END $$;
COMMENT ON FUNCTION o365.try_send(bigint, jsonb, text) IS
    'Like o365.send, but a card that o365.check_card refuses is not an error: card_id is null and problems lists why. problems is [] when it was '
    'sent. A text that is no JSON, or has \u0000, fails before the call, as PostgreSQL reads it. Errors: '
    'insufficient_privilege, invalid_parameter_value (event).';

CREATE OR REPLACE FUNCTION o365.send(subscription_id bigint, card jsonb, event text DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_sent record := o365.try_send(subscription_id, card, event);
BEGIN
    IF v_sent.card_id IS NULL THEN
        RAISE EXCEPTION 'card for connection % refused: % (%)', subscription_id, v_sent.problems #>> '{0,problem}',
            v_sent.problems #>> '{0,path}'
            USING ERRCODE = 'check_violation', HINT = v_sent.problems #>> '{0,hint}', DETAIL = v_sent.problems::text;
    END IF;
    RETURN v_sent.card_id;
END $$;
COMMENT ON FUNCTION o365.send(bigint, jsonb, text) IS
    'Sends a card to a connection (o365.connections names it) and returns its card_id. The card leaves when your transaction commits, and not '
    'at all if it rolls back. To a paused or pending connection it waits; to a removed one it is accepted and ends as '
    'cancelled. Errors: check_violation '
    '(o365.check_card refuses it; DETAIL lists why), insufficient_privilege, invalid_parameter_value (event).';

CREATE OR REPLACE FUNCTION o365.send_to_user(connector text, app_user text, card jsonb, event text DEFAULT NULL)
RETURNS TABLE (subscription_id bigint, card_id bigint, problems jsonb)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_connector o365_internal.connector := o365_internal.connector_to_use(connector);
    v_problem record;
BEGIN
    -- What no webhook would take is the application's mistake. What one of them does not take is its user's choice of a place,
    -- and rolls nothing back.
    SELECT p.problem, p.path, p.hint INTO v_problem FROM o365.check_card(card, 'connector') AS p
     WHERE EXISTS (SELECT FROM o365.check_card(card, 'workflow')) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'card refused: % (%)', v_problem.problem, v_problem.path
            USING ERRCODE = 'check_violation', HINT = v_problem.hint;
    END IF;
    RETURN QUERY SELECT s.subscription_id, sent.card_id, sent.problems
        FROM o365_internal.subscription AS s,
             LATERAL o365.try_send(s.subscription_id, send_to_user.card, send_to_user.event) AS sent
       WHERE s.app_user = send_to_user.app_user AND s.connector_id = v_connector.connector_id
         AND s.status NOT IN ('removed', 'gone', 'retired')
       ORDER BY s.subscription_id;
END $$;
COMMENT ON FUNCTION o365.send_to_user(text, text, jsonb, text) IS
    'Sends a card to every connection that a user of the application has with a connector: a row each, none when there is none. '
    'Where a connection does not take such a card (an Adaptive Card for a connector webhook, a MessageCard for Workflows), '
    'card_id is null and problems says why. Errors: check_violation (no webhook takes it), insufficient_privilege, '
    'invalid_parameter_value (event).';
