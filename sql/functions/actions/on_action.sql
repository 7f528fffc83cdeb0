CREATE OR REPLACE FUNCTION o365.on_action(card_id bigint, action text, status text DEFAULT NULL,
    card jsonb DEFAULT NULL, translations jsonb DEFAULT NULL, once boolean DEFAULT true, waits boolean DEFAULT false)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
DECLARE
    v_kept record;
BEGIN
    SELECT a.subscription_id, a.actions, a.at, s.connector_id, s.dialect INTO v_kept
      FROM o365_internal.card_action AS a
      JOIN o365_internal.subscription AS s ON s.subscription_id = a.subscription_id
     WHERE a.card_id = on_action.card_id;
    IF NOT FOUND OR NOT o365_internal.may_use(v_kept.connector_id) THEN
        RAISE EXCEPTION 'there is no card % with a button of ours that role % has sent',
                coalesce(on_action.card_id::text, 'NULL'), session_user
            USING ERRCODE = 'insufficient_privilege',
                  HINT = 'Give an HttpPOST of the card "target": "o365:action", and take the card_id of o365.send.';
    ELSIF on_action.action IS NULL THEN
        RAISE EXCEPTION 'action is NULL'
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Write the name of the button, or its JSON path.';
    ELSIF NOT jsonb_path_exists(v_kept.actions,
                  '$.*.action ? (@.name == $action || exists(@.actions[*] ? (@.name == $action)))',
                  jsonb_build_object('action', on_action.action))
          AND NOT EXISTS (SELECT FROM jsonb_each(v_kept.actions) AS k (number, kept)
                           WHERE starts_with(on_action.action, k.kept->>'path')) THEN
        RAISE WARNING 'card % has no button % now', on_action.card_id, quote_literal(on_action.action)
            USING HINT = 'What is said of it holds for a card that takes this one''s place.';
    END IF;
    INSERT INTO o365_internal.action_answer (connector_id, subscription_id, card_id, action, status, translations, card,
                                             once, waits, at)
        VALUES (v_kept.connector_id, v_kept.subscription_id, on_action.card_id, on_action.action, on_action.status,
                on_action.translations,
                o365_internal.checked_answer(v_kept.connector_id, on_action.status, on_action.translations,
                                             on_action.card),
                coalesce(on_action.once, true), coalesce(on_action.waits, false), v_kept.at)
    ON CONFLICT (card_id, action) WHERE card_id IS NOT NULL DO UPDATE
        SET status = excluded.status, translations = excluded.translations, card = excluded.card,
            once = excluded.once, waits = excluded.waits;
    RETURN on_action.card_id;
END $$;
COMMENT ON FUNCTION o365.on_action(bigint, text, text, jsonb, jsonb, boolean, boolean) IS
    'Sets the answer to a press on a button of a card whose target is o365:action: call it in the transaction of '
    'o365.send. action: the button''s name, or its JSON path. status: a line that Outlook shows under the card, at '
    'most 1,000 bytes; null: a default sentence. translations: the same in other languages, {"de": "..."}. card: a '
    'MessageCard that replaces the card; its own buttons may have the target o365:action too. once: a second press '
    'changes nothing, and says so. waits: the request waits for o365.answer_action, at most action_wait seconds; after '
    'that status and card are the answer. Another call replaces the values. A workflow''s card has a page instead of '
    'the button, with its own texts. Returns card_id. Errors: insufficient_privilege, invalid_parameter_value, '
    'check_violation (card).';
