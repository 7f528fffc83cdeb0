CREATE OR REPLACE FUNCTION o365_internal.chore_remove_unconfirmed() RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_n bigint := o365_internal.sweep_unconfirmed();
BEGIN
    RETURN CASE WHEN v_n > 0 THEN
        format('removed %s that nobody confirmed', o365_internal.plural(v_n, 'connection', 'connections')) END;
END $$;
COMMENT ON FUNCTION o365_internal.chore_remove_unconfirmed() IS 'Removes connections that nobody confirmed in time.';
