-- The trigger of o365_programs.action_call. Who pressed moves by assignment only.
CREATE OR REPLACE FUNCTION o365_internal.receive_action_call() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    v_card_id bigint := new.card_id::bigint;
    v_number integer := new.number::integer;
    v_outcome text;
BEGIN
    v_outcome := CASE WHEN new.token_hash = sha256(convert_to(o365_internal.action_mac('call', v_card_id, v_number),
                                                              'UTF8'))
                      THEN o365_internal.record_action_call(v_card_id, v_number, new.request_hash, new.request_id,
                          new.content_type, new.body, new.app_id, new.pressed_by, new.pressed_by_name, new.tenant,
                          new.most_waiting::integer) END;
    v_outcome := set_config('o365.action_call', coalesce(v_outcome, 'unknown_action'), true);
    RETURN NULL;
END $$;
COMMENT ON FUNCTION o365_internal.receive_action_call() IS
    'Trigger of o365_programs.action_call: records what Microsoft''s service says was pressed, if the token of the '
    'button is ours. The outcome is read with o365_programs.responder_action_outcome.';
