CREATE OR REPLACE FUNCTION o365_internal.chore_forget_tickets() RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    DELETE FROM o365_internal.ticket AS t
     WHERE t.ticket_hash = ANY (ARRAY(SELECT o.ticket_hash FROM o365_internal.ticket AS o
                                       WHERE o.expires_at < now() - interval '1 day'
                                       ORDER BY o.expires_at LIMIT 50000 FOR UPDATE SKIP LOCKED));
    RETURN NULL;
END $$;
COMMENT ON FUNCTION o365_internal.chore_forget_tickets() IS 'Deletes tickets that expired a day ago, at most 50,000.';
