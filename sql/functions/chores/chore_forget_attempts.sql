CREATE OR REPLACE FUNCTION o365_internal.chore_forget_attempts() RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    DELETE FROM o365_internal.connect_attempt AS a
     WHERE a.attempt_id = ANY (ARRAY(SELECT o.attempt_id FROM o365_internal.connect_attempt AS o
                                      WHERE o.started_at < o365_internal.history_begins()
                                      ORDER BY o.started_at LIMIT 50000 FOR UPDATE SKIP LOCKED));
    RETURN NULL;
END $$;
COMMENT ON FUNCTION o365_internal.chore_forget_attempts() IS
    'Deletes attempts to connect older than history_days, at most 50,000.';
