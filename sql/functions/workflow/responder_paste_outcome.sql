CREATE OR REPLACE FUNCTION o365_programs.responder_paste_outcome(slug text, request_id text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_connector o365_internal.connector := o365_internal.connector_by_slug(slug);
    v_attempt o365_internal.connect_attempt;
BEGIN
    SELECT a.* INTO v_attempt FROM o365_internal.connect_attempt AS a
     WHERE a.request_id = responder_paste_outcome.request_id ORDER BY a.attempt_id + 0 DESC LIMIT 1;
    RETURN o365_internal.connector_page(v_connector) || jsonb_build_object(
        -- A paste that was not recorded was one too many (may_note_refusal).
        'outcome', coalesce(v_attempt.outcome,
                            CASE WHEN v_connector.connector_id IS NULL THEN 'unknown_connector' ELSE 'too_many' END),
        'host', v_attempt.detail,
        'public_id', v_attempt.public_id, 'return_url', v_attempt.return_url,
        'max_age', 60 * greatest(o365_internal.integer_setting('confirm_minutes'),
                                 o365_internal.integer_setting('proof_minutes')));
END $$;
COMMENT ON FUNCTION o365_programs.responder_paste_outcome(text, text) IS
    'What became of the pasted webhook of that request: outcome pending (its page is '
    '/connect/<slug>/workflow/<public_id>), connected (it was already), or why it was refused: unknown_connector, '
    'no_such_way, ticket, too_many, too_many_with_link, no_place (what was to be renewed is gone), other_place '
    '(another connection of the user has that webhook), refused_host (host names it), connector_webhook. max_age: '
    'seconds that the browser keeps the attempt''s cookie.';
