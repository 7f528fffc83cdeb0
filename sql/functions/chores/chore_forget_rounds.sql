CREATE OR REPLACE FUNCTION o365_internal.chore_forget_rounds() RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM o365_internal.fed AS f WHERE f.n < (SELECT max(g.n) - 100 FROM o365_internal.fed AS g);
    RETURN NULL;
END $$;
COMMENT ON FUNCTION o365_internal.chore_forget_rounds() IS 'Deletes all rounds of arrivals but the last hundred.';
