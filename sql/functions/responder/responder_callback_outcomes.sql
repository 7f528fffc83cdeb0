CREATE OR REPLACE FUNCTION o365_programs.responder_callback_outcomes(request_ids text[]) RETURNS SETOF jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_pages jsonb := nullif(current_setting('o365.connected', true), '')::jsonb;
    v_request_id text;
BEGIN
    FOREACH v_request_id IN ARRAY request_ids LOOP
        RETURN NEXT coalesce(v_pages -> v_request_id, o365_programs.responder_callback_outcome(v_request_id));
    END LOOP;
END $$;
COMMENT ON FUNCTION o365_programs.responder_callback_outcomes(text[]) IS
    'The outcomes of several callbacks, as responder_callback_outcome returns them, in the order of their request ids.';
