CREATE OR REPLACE FUNCTION o365_internal.chore_forget_attempts() RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    c_most CONSTANT integer := 50000;
    v_begins timestamptz := o365_internal.history_begins();
    v_ids bigint[];
BEGIN
    -- As connect_attempt_way has them; 0 is no connector.
    v_ids := ARRAY(
        SELECT o.attempt_id
          FROM (SELECT x.connector_id FROM o365_internal.connector AS x UNION ALL SELECT 0) AS c
         CROSS JOIN unnest('{button,workflow}'::text[]) AS w (way)
         CROSS JOIN generate_series(0, 1) AS k (has_no_cookie)
         CROSS JOIN LATERAL (SELECT a.attempt_id FROM o365_internal.connect_attempt AS a
                              WHERE coalesce(a.connector_id, 0) = c.connector_id AND a.way = w.way
                                AND (a.cookie_hash IS NULL)::integer = k.has_no_cookie AND a.started_at < v_begins
                              LIMIT c_most) AS o
         LIMIT c_most);
    DELETE FROM o365_internal.connect_attempt AS a
     WHERE a.attempt_id = ANY (ARRAY(SELECT o.attempt_id FROM o365_internal.connect_attempt AS o
                                      WHERE o.attempt_id = ANY (v_ids) FOR UPDATE SKIP LOCKED));
    RETURN NULL;
END $$;
COMMENT ON FUNCTION o365_internal.chore_forget_attempts() IS
    'Deletes attempts to connect older than history_days, at most 50,000.';
