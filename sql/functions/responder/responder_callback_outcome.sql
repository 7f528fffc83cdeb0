-- VOLATILE: called by responder_callback_error it must see what that has just written.
CREATE OR REPLACE FUNCTION o365_programs.responder_callback_outcome(request_id text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_hit record;
    v_refused record;   -- as pass_refusal handed it on
    v_connector o365_internal.connector;
    -- The result that receive_callback passed on in the same transaction.
    v_page jsonb := nullif(current_setting('o365.connected', true), '')::jsonb -> request_id;
BEGIN
    IF v_page IS NOT NULL THEN
        RETURN v_page;
    END IF;
    -- One statement reads everything that the page of a successful callback needs; never the whole connector, which
    -- holds a picture. "+ 0", because a planner that expects LIMIT 1 to be found early would walk back through all
    -- attempts.
    SELECT h.outcome, h.connector_id, a.public_id, a.return_url, a.state_hash IS NULL AS stateless, c.slug, c.name,
           c.short_description,
           c.website, c.language, c.clean_page, s.status = 'pending' AS pending, s.group_name, s.app_type_normalised,
           s.app_user, p.value AS public_url
      INTO v_hit
      FROM o365_internal.connect_attempt AS h
      JOIN o365_internal.connector AS c ON c.connector_id = h.connector_id
      JOIN o365_internal.setting AS p ON p.name = 'public_url'
      LEFT JOIN o365_internal.connect_attempt AS a ON a.attempt_id = coalesce(h.of_attempt, h.attempt_id)
      LEFT JOIN o365_internal.subscription AS s ON s.subscription_id = a.subscription_id
     WHERE h.request_id = responder_callback_outcome.request_id
     ORDER BY h.attempt_id + 0 DESC LIMIT 1;
    IF v_hit.outcome IN ('connected', 'pending', 'repeated') THEN
        v_page := jsonb_build_object('found', true, 'outcome', v_hit.outcome,
            'location', coalesce(CASE WHEN NOT v_hit.pending THEN v_hit.return_url END,
                v_hit.public_url || '/connect/' || v_hit.slug || '/done/' || v_hit.public_id));
        -- A browser that is redirected sees nothing of the page.
        IF v_hit.clean_page <> '302' AND NOT v_hit.pending THEN
            v_page := v_page || o365_internal.connector_page(v_hit.public_url, v_hit.slug, v_hit.name,
                    v_hit.short_description, v_hit.website,
                    v_hit.language)
                || jsonb_build_object('request_id', request_id, 'clean_page', v_hit.clean_page, 'group_name',
                    v_hit.group_name,
                    'app_type', v_hit.app_type_normalised, 'account', v_hit.app_user);
        END IF;
        -- Also for a repeat, because the first answer may have been lost. Without a state of ours it would not count as
        -- a repeat.
        IF v_hit.outcome = 'pending' OR (v_hit.pending AND NOT v_hit.stateless) THEN
            v_page := v_page || jsonb_build_object('cookie', CASE WHEN v_hit.stateless THEN 'fresh' ELSE 'own' END,
                'max_age', 60 * o365_internal.integer_setting('confirm_minutes'));
        END IF;
        RETURN v_page;
    END IF;
    IF v_hit.outcome IS NULL THEN
        SELECT split_part(r.line, ' ', 2) AS outcome, nullif(split_part(r.line, ' ', 3), '')::integer AS connector_id
          INTO v_refused
          FROM string_to_table(current_setting('o365.refusal', true), E'\n') AS r (line)
         WHERE split_part(r.line, ' ', 1) = request_id;
        v_hit.outcome := v_refused.outcome;
        v_hit.connector_id := v_refused.connector_id;
    END IF;
    SELECT c.* INTO v_connector FROM o365_internal.connector AS c WHERE c.connector_id = v_hit.connector_id;
    RETURN o365_internal.connector_page(v_connector)
        || jsonb_build_object('request_id', request_id, 'outcome', coalesce(v_hit.outcome, 'unknown_connector'))
        || o365_internal.way_on(v_connector, NULL, NULL);
END $$;
COMMENT ON FUNCTION o365_programs.responder_callback_outcome(text) IS
    'What became of the callback with that request id: outcome, and on success where the browser goes; where it is to '
    'see a page first, clean_page says of which kind, beside what the page shows. Pending: its cookie, the fresh one '
    'or the attempt''s own, is to be kept for max_age seconds, so that it can confirm.';
