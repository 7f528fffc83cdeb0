CREATE OR REPLACE FUNCTION o365.send_to_user(connector text, app_user text, card jsonb, event text DEFAULT NULL,
    extra jsonb DEFAULT NULL, not_before timestamptz DEFAULT NULL, not_after timestamptz DEFAULT NULL,
    collapse text DEFAULT NULL, dedupe text DEFAULT NULL, urgent boolean DEFAULT NULL)
RETURNS TABLE (subscription_id bigint, card_id bigint, problems jsonb)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
DECLARE
    v_connector o365_internal.connector := o365_internal.connector_to_use(connector);
    v_is_adaptive boolean := coalesce(card->>'type' IN ('AdaptiveCard', 'message'), false);
    v_problem jsonb;
BEGIN
    -- A card that no webhook would take is the application's mistake. A card that only some of them do not take is due
    -- to the user's choice of a place, and rolls nothing back.
    v_problem := o365_internal.card_problems(card, CASE WHEN v_is_adaptive THEN 'workflow' ELSE 'connector' END,
                                             v_connector.target_urls)->0;
    IF v_problem->>'severity' = 'error'
       AND o365_internal.card_problems(card, CASE WHEN v_is_adaptive THEN 'connector' ELSE 'workflow' END,
                                       v_connector.target_urls) #>> '{0,severity}' = 'error' THEN
        RAISE EXCEPTION 'card refused: % (%)', v_problem->>'problem', v_problem->>'path'
            USING ERRCODE = 'check_violation', HINT = v_problem->>'hint';
    END IF;
    RETURN QUERY SELECT s.subscription_id, sent.card_id, sent.problems
        FROM o365_internal.subscription AS s,
             LATERAL o365.try_send(s.subscription_id, send_to_user.card, send_to_user.event, send_to_user.extra,
                                   send_to_user.not_before, send_to_user.not_after, send_to_user.collapse,
                                   send_to_user.dedupe, send_to_user.urgent) AS sent
       WHERE s.app_user = send_to_user.app_user AND s.connector_id = v_connector.connector_id
         AND s.status NOT IN ('removed', 'gone', 'retired')
       ORDER BY s.subscription_id;
END $$;
COMMENT ON FUNCTION o365.send_to_user(text, text, jsonb, text, jsonb, timestamptz, timestamptz, text,
    text, boolean) IS
    'Sends a card to every connection that a user of the application has with a connector: one row for each, none if '
    'the user has none. If a connection cannot take the card (an Adaptive Card for a connector webhook that cannot '
    'show all of it), card_id is null and problems says why. extra and the options are those of o365.send, for each of '
    'them. Errors: check_violation (no webhook takes it), insufficient_privilege, invalid_parameter_value (event, '
    'extra, options), lock_not_available (dedupe).';
