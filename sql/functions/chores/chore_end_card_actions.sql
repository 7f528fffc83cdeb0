CREATE OR REPLACE FUNCTION o365_internal.chore_end_card_actions() RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM o365_internal.sweep_actions();
    RETURN NULL;
END $$;
COMMENT ON FUNCTION o365_internal.chore_end_card_actions() IS
    'Ends old links to card actions, and deletes their events that nobody has taken: see sweep_actions.';
