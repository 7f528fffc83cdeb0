CREATE OR REPLACE FUNCTION o365_programs.responder_action_took(event_id bigint, took_ms integer) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
BEGIN
    -- A row of its own: that of the call may be locked by the very application that made the answer slow.
    INSERT INTO o365_internal.slow_answer AS a (event_id, connector_id, took_ms)
        SELECT c.event_id, s.connector_id, responder_action_took.took_ms
          FROM o365_internal.action_call AS c
          JOIN o365_internal.subscription AS s ON s.subscription_id = c.subscription_id
         WHERE c.event_id = responder_action_took.event_id
    ON CONFLICT ON CONSTRAINT slow_answer_pkey DO UPDATE SET took_ms = greatest(a.took_ms, excluded.took_ms);
END $$;
COMMENT ON FUNCTION o365_programs.responder_action_took(bigint, integer) IS
    'Notes that the answer to a recorded call took longer than a second: took_ms milliseconds, from its connection to '
    'the responder until the answer was ready. Of several answers to one call the slowest counts. For a call that does '
    'not exist nothing is noted.';
