CREATE OR REPLACE FUNCTION o365.on_connector_action(connector text, action text DEFAULT NULL, status text DEFAULT NULL,
    card jsonb DEFAULT NULL, translations jsonb DEFAULT NULL, once boolean DEFAULT true, waits boolean DEFAULT false,
    reason text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
DECLARE
    v_connector_id integer := (o365_internal.connector_to_use(on_connector_action.connector)).connector_id;
    v_action text := coalesce(on_connector_action.action, '');
    v_card jsonb := o365_internal.checked_answer(v_connector_id, on_connector_action.status,
                                                 on_connector_action.translations, on_connector_action.card);
    v_says boolean := coalesce(on_connector_action.status, on_connector_action.translations::text, v_card::text)
                      IS NOT NULL OR on_connector_action.once IS FALSE OR on_connector_action.waits IS TRUE;
BEGIN
    IF v_says THEN
        INSERT INTO o365_internal.action_answer (connector_id, action, status, translations, card, once, waits)
            VALUES (v_connector_id, v_action, on_connector_action.status, on_connector_action.translations, v_card,
                    coalesce(on_connector_action.once, true), coalesce(on_connector_action.waits, false))
        ON CONFLICT (connector_id, action) WHERE card_id IS NULL DO UPDATE
            SET status = excluded.status, translations = excluded.translations, card = excluded.card,
                once = excluded.once, waits = excluded.waits;
    ELSE
        DELETE FROM o365_internal.action_answer AS a
         WHERE a.connector_id = v_connector_id AND a.card_id IS NULL AND a.action = v_action;
    END IF;
    PERFORM o365_internal.note_event('changed', o365_internal.actor(), v_connector_id,
                                     reason => o365_internal.reason_text(on_connector_action.reason),
                                     detail => 'answer to action ' || coalesce(on_connector_action.action, 'any'));
    RETURN CASE WHEN v_says THEN 'set' ELSE 'default' END;
END $$;
COMMENT ON FUNCTION o365.on_connector_action(text, text, text, jsonb, jsonb, boolean, boolean, text) IS
    'As o365.on_action, for the buttons of that name in all cards of a connector, including cards that were sent '
    'before; action null: for all buttons. o365.on_action of the card takes precedence, then the rule for the '
    'button''s name. Without status, card, translations, once => false and waits => true the rule is removed. Returns '
    'set or default. Errors: insufficient_privilege, invalid_parameter_value, check_violation (card).';
