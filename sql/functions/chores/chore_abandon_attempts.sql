CREATE OR REPLACE FUNCTION o365_internal.chore_abandon_attempts() RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    v_n bigint;
BEGIN
    UPDATE o365_internal.connect_attempt AS a SET outcome = 'abandoned', consumed_at = a.expires_at
     WHERE a.attempt_id = ANY (ARRAY(SELECT o.attempt_id FROM o365_internal.connect_attempt AS o
                                      WHERE o.outcome IS NULL AND o.expires_at < now() - interval '1 hour'
                                      ORDER BY o.expires_at LIMIT 50000 FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS v_n = ROW_COUNT;
    RETURN CASE WHEN v_n > 0 THEN 'swept ' || o365_internal.plural(v_n, 'abandoned attempt', 'abandoned attempts') END;
END $$;
COMMENT ON FUNCTION o365_internal.chore_abandon_attempts() IS
    'Ends attempts to connect that nobody came back from, at most 50,000.';
