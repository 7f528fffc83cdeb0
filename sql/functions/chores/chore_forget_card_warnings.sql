CREATE OR REPLACE FUNCTION o365_internal.chore_forget_card_warnings() RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM o365_internal.card_warning AS w WHERE w.at < o365_internal.history_begins();
    RETURN NULL;
END $$;
COMMENT ON FUNCTION o365_internal.chore_forget_card_warnings() IS
    'Deletes warnings about cards older than history_days.';
