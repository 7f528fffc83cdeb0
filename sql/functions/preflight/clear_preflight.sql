CREATE OR REPLACE FUNCTION o365_internal.clear_preflight(state_hashes bytea[], token_hash bytea, request_ids text[])
RETURNS jsonb
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_outcomes jsonb;
BEGIN
    DELETE FROM o365_internal.manage_link AS m WHERE m.token_hash = clear_preflight.token_hash;
    DELETE FROM o365_internal.connect_attempt AS a
     WHERE a.request_id = ANY (clear_preflight.request_ids) AND a.outcome = 'no_parameters' AND a.of_attempt IS NULL;
    -- A request that the responder refused has a row of its own, which names the attempt. It began later.
    -- (!) BETWEEN is no equality, which could be joined by a hash over all attempts.
    WITH planted AS MATERIALIZED (
        SELECT u.n, a.attempt_id, a.connector_id, a.started_at, a.outcome
          FROM unnest(clear_preflight.state_hashes) WITH ORDINALITY AS u (state_hash, n)
          LEFT JOIN o365_internal.connect_attempt AS a ON a.state_hash = u.state_hash AND a.app_user IS NULL
                                                      AND a.ticket_hash IS NULL AND a.subscription_id IS NULL
    ), refused AS (
        DELETE FROM o365_internal.connect_attempt AS r USING planted AS p
         WHERE r.of_attempt = p.attempt_id AND coalesce(r.connector_id, 0) BETWEEN p.connector_id AND p.connector_id
           AND r.way = 'button' AND (r.cookie_hash IS NULL)::integer = 1 AND r.started_at >= p.started_at
           AND r.outcome IS NOT NULL AND r.subscription_id IS NULL
        RETURNING r.of_attempt, r.outcome
    ), gone AS (
        DELETE FROM o365_internal.connect_attempt AS a USING planted AS p WHERE a.attempt_id = p.attempt_id
    )
    SELECT jsonb_agg(coalesce(p.outcome, (SELECT min(r.outcome) FROM refused AS r WHERE r.of_attempt = p.attempt_id))
                     ORDER BY p.n) INTO v_outcomes
      FROM planted AS p;
    RETURN coalesce(v_outcomes, '[]');
END $$;
COMMENT ON FUNCTION o365_internal.clear_preflight(bytea[], bytea, text[]) IS
    'Takes away what o365_internal.plant_preflight made, with what the responder noted of it, and returns the outcome '
    'of each attempt in the order of the states; null: no callback with that state has arrived. request_ids: of '
    'callbacks without parameters, which the responder noted too.';
