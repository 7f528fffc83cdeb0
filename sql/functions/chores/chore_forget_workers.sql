CREATE OR REPLACE FUNCTION o365_internal.chore_forget_workers() RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM o365_internal.worker AS w WHERE w.seen_at < o365_internal.history_begins();
    RETURN NULL;
END $$;
COMMENT ON FUNCTION o365_internal.chore_forget_workers() IS 'Deletes workers that were last seen before history_days.';
