CREATE OR REPLACE FUNCTION o365_programs.responder_callback_error(slug text, request_id text, state_hash bytea,
    cookie_hash bytea, error text,
    detail text DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_attempt record;
    v_outcome text := o365_internal.callback_error_outcome(error);
    v_connector_id integer := (o365_internal.connector_by_slug(slug)).connector_id;
BEGIN
    IF v_outcome IN ('no_parameters', 'malformed', 'framed')
       AND NOT o365_internal.may_note_refusal(v_connector_id, 'button') THEN
        PERFORM o365_internal.pass_refusal(request_id, v_connector_id, v_outcome);
    ELSIF v_outcome IN ('no_parameters', 'malformed', 'framed') THEN
        -- Nothing is checked. The state, if there is one, only says whose attempt it was.
        INSERT INTO o365_internal.connect_attempt AS n (connector_id, expires_at, consumed_at, outcome, detail,
                                                        request_id, of_attempt, app_user)
            SELECT c.connector_id, now(), now(), v_outcome, responder_callback_error.detail,
                   responder_callback_error.request_id, a.attempt_id,
                   a.app_user
              FROM (SELECT v_connector_id) AS c (connector_id)
              LEFT JOIN o365_internal.connect_attempt AS a
                     ON a.state_hash = responder_callback_error.state_hash AND a.connector_id = c.connector_id;
    ELSE
        v_attempt := o365_internal.judge_attempt(slug, request_id, state_hash, cookie_hash, NULL, NULL, v_outcome);
        IF v_attempt.verdict = 'open' THEN
            PERFORM o365_internal.end_attempt(v_attempt.attempt_id, request_id, v_outcome,
                CASE WHEN v_outcome = 'unknown_error' THEN left(o365_internal.label(error), 200) ELSE detail END, NULL);
        END IF;
    END IF;
    RETURN o365_programs.responder_callback_outcome(request_id);
END $$;
COMMENT ON FUNCTION o365_programs.responder_callback_error(text, text, bytea, bytea, text, text) IS
    'A callback that brings no webhook: an error of Microsoft''s page, or no_parameters, malformed, framed or '
    'bad_webhook as the responder found. detail: what exactly was wrong, for o365.connect_attempt; never a value of '
    'the URL. Returns what responder_callback_outcome does. An error consumes the state, and the same error again in '
    'the same browser has the same outcome. A request without the right cookie consumes nothing, nor do no_parameters, '
    'malformed and framed.';
