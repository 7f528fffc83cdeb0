CREATE OR REPLACE FUNCTION o365_programs.responder_action_answer(event_id bigint, ends boolean) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
BEGIN
    IF ends THEN
        UPDATE o365_internal.action_call AS a SET waits_until = NULL
         WHERE a.event_id = responder_action_answer.event_id AND a.waits_until IS NOT NULL;
    END IF;
    RETURN o365_internal.action_outcome('recorded', event_id);
END $$;
COMMENT ON FUNCTION o365_programs.responder_action_answer(bigint, boolean) IS
    'What a call that waits is answered by now, see o365_internal.action_outcome. ends: it waits no longer, and '
    'o365.answer_action comes too late for it.';
