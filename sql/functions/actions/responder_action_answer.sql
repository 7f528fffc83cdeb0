CREATE OR REPLACE FUNCTION o365_programs.responder_action_answer(event_id bigint, ends boolean) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_is_held boolean := false;
BEGIN
    IF ends THEN
        -- (!) SKIP LOCKED: an application that has answered and not committed must not hold the request.
        PERFORM FROM o365_internal.action_call AS a
         WHERE a.event_id = responder_action_answer.event_id AND a.waits_until IS NOT NULL FOR UPDATE SKIP LOCKED;
        IF FOUND THEN
            UPDATE o365_internal.action_call AS a SET waits_until = NULL
             WHERE a.event_id = responder_action_answer.event_id;
        ELSE
            v_is_held := EXISTS (SELECT FROM o365_internal.action_call AS a
                                  WHERE a.event_id = responder_action_answer.event_id AND a.waits_until IS NOT NULL);
        END IF;
    END IF;
    PERFORM o365_internal.keep_answer(event_id);
    RETURN o365_internal.action_outcome('recorded', event_id) || jsonb_build_object('is_held', v_is_held);
END $$;
COMMENT ON FUNCTION o365_programs.responder_action_answer(bigint, boolean) IS
    'What a call that waits is answered by now, see o365_internal.action_outcome. ends: it waits no longer, and '
    'o365.answer_action comes too late for it. is_held: an application has answered it and not committed, so it is '
    'answered as it was without that, and only a repeat of the call gets the answer.';
