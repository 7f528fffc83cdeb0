CREATE OR REPLACE FUNCTION o365_internal.keep_answer(event_id bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_call record;
BEGIN
    SELECT c.card_id, c.card INTO v_call FROM o365_internal.action_call AS c
     WHERE c.event_id = keep_answer.event_id AND c.waits_until IS NULL AND c.added IS NULL;
    IF v_call.card IS NULL OR NOT o365_internal.has_own_target(v_call.card) THEN
        RETURN;
    END IF;
    -- In the order of record_action_call. A repeat of the call may do the same at the same moment.
    PERFORM o365_internal.lock_card_action(v_call.card_id);
    UPDATE o365_internal.action_call AS c
       SET added = o365_internal.keep_own_actions(v_call.card_id, v_call.card)
     WHERE c.event_id = keep_answer.event_id AND c.added IS NULL;
END $$;
COMMENT ON FUNCTION o365_internal.keep_answer(bigint) IS
    'Keeps the actions of the card that o365.answer_action gave to a call, so that its buttons are numbered when it '
    'leaves. The responder does it: an application that has not committed would hold the card against other presses. '
    'Changes nothing when it is called again, nor while the call waits.';
