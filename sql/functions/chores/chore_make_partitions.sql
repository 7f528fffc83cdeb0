CREATE OR REPLACE FUNCTION o365_internal.chore_make_partitions(of_table text) RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_made integer := o365_internal.make_partitions(of_table, 2);
BEGIN
    RETURN CASE WHEN v_made > 0 THEN format('made %s of %s', o365_internal.plural(v_made, 'partition', 'partitions'),
                                            of_table) END;
END $$;
COMMENT ON FUNCTION o365_internal.chore_make_partitions(text) IS 'Makes the partitions of today and the next two days.';
