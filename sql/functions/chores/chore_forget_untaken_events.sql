CREATE OR REPLACE FUNCTION o365_internal.chore_forget_untaken_events() RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    DELETE FROM o365_internal.untaken_event AS u
     WHERE u.event_id = ANY (ARRAY(SELECT o.event_id FROM o365_internal.untaken_event AS o
                                    WHERE o.at < o365_internal.history_begins()
                                    ORDER BY o.at LIMIT 50000 FOR UPDATE SKIP LOCKED));
    RETURN NULL;
END $$;
COMMENT ON FUNCTION o365_internal.chore_forget_untaken_events() IS
    'Takes events that nobody has taken for history_days out of the feed, at most 50,000. Waits for nobody.';
