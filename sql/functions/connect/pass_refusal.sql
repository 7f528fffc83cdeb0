CREATE OR REPLACE FUNCTION o365_internal.pass_refusal(request_id text, connector_id integer, outcome text) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- One line for each: several callbacks may come in one transaction.
    PERFORM set_config('o365.refusal', concat_ws(E'\n', nullif(current_setting('o365.refusal', true), ''),
                                                 concat_ws(' ', request_id, outcome, connector_id)), true);
END $$;
COMMENT ON FUNCTION o365_internal.pass_refusal(text, integer, text) IS
    'Hands the outcome of a callback that is not written down (may_note_refusal) on to responder_callback_outcome in '
    'the same transaction, so that its page says the same as if it were.';
