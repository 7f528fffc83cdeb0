CREATE OR REPLACE FUNCTION o365.answer_action(event_id bigint, status text DEFAULT NULL, card jsonb DEFAULT NULL)
RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_call record;
BEGIN
    SELECT s.connector_id INTO v_call
      FROM o365_internal.action_call AS c
      JOIN o365_internal.subscription AS s ON s.subscription_id = c.subscription_id
     WHERE c.event_id = answer_action.event_id;
    IF NOT FOUND AND event_id IS NOT NULL THEN
        -- Pressed on a page, or its connection is gone. This is no error, so that an application can answer all events
        -- that it has taken in one transaction.
        RETURN 'too_late';
    ELSIF NOT FOUND OR NOT o365_internal.may_use(v_call.connector_id) THEN
        RAISE EXCEPTION 'there is no event % of a signed call that role % may answer',
                coalesce(event_id::text, 'NULL'), session_user
            USING ERRCODE = 'insufficient_privilege', HINT = 'Take event_id from o365.take_action_events.';
    END IF;
    card := o365_internal.checked_answer(v_call.connector_id, status, NULL, card);
    -- This row alone is locked: until the application commits, other presses of the card go on.
    PERFORM FROM o365_internal.action_call AS c
     WHERE c.event_id = answer_action.event_id AND c.waits_until > clock_timestamp() FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'too_late';
    END IF;
    UPDATE o365_internal.action_call AS c
       SET waits_until = NULL, status = coalesce(answer_action.status, c.status),
           translations = CASE WHEN answer_action.status IS NULL THEN c.translations END,
           card = coalesce(answer_action.card, c.card),
           added = CASE WHEN answer_action.card IS NULL THEN c.added END   -- else keep_answer gives it
     WHERE c.event_id = answer_action.event_id;
    RETURN 'answered';
END $$;
COMMENT ON FUNCTION o365.answer_action(bigint, text, jsonb) IS
    'Answers a press while its request waits (waits => true of o365.on_action; answer_until of o365.take_action_events '
    'says until when). Commit at once: the answer is sent when you commit. If that is after answer_until, the request '
    'has been answered by o365.on_action, and your answer is only for a repeat of it. status and card as for '
    'o365.on_action; null: its values. Returns answered, or too_late, with nothing changed, if no request waits for '
    'it, for instance for an event of a page, or when its connection was removed. Errors: insufficient_privilege, '
    'invalid_parameter_value, check_violation (card).';
