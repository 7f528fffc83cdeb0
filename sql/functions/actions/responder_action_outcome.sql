CREATE OR REPLACE FUNCTION o365_programs.responder_action_outcome() RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_outcome text := nullif(current_setting('o365.action_call', true), '');
BEGIN
    RETURN o365_internal.action_outcome(split_part(v_outcome, ' ', 1),
                                        nullif(split_part(v_outcome, ' ', 2), '')::bigint);
END $$;
COMMENT ON FUNCTION o365_programs.responder_action_outcome() IS
    'What became of the call that this transaction copied into o365_programs.action_call, see '
    'o365_internal.record_action_call and o365_internal.action_outcome.';
