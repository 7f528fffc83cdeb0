CREATE OR REPLACE FUNCTION o365_internal.may_note_refusal(connector_id integer, way text) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off AS $$
DECLARE
    c_a_minute CONSTANT integer := 60;
    v_noted bigint;
BEGIN
    -- As connect_attempt_way has them.
    v_noted := (SELECT count(*) FROM (SELECT FROM o365_internal.connect_attempt AS a
                                       WHERE coalesce(a.connector_id, 0) = coalesce($1, 0) AND a.way = $2
                                         AND (a.cookie_hash IS NULL)::integer = 1 AND a.outcome IS NOT NULL
                                         AND a.started_at > now() - interval '1 minute' LIMIT c_a_minute) AS a);
    RETURN v_noted < c_a_minute AND (connector_id IS NOT NULL OR way = 'button');
END $$;
COMMENT ON FUNCTION o365_internal.may_note_refusal(integer, text) IS
    'Whether a paste (way workflow), or a start or a callback (button), that is refused is written down for '
    'o365.connect_attempt: the first 60 of a connector within a minute, so that nobody outside fills the table. A '
    'paste for a connector that does not exist is not.';
