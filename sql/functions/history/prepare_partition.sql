CREATE OR REPLACE FUNCTION o365_internal.prepare_partition(name text) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
DECLARE
    v_role text;
BEGIN
    EXECUTE format('ALTER TABLE o365_internal.%I REPLICA IDENTITY FULL', name);
    FOR v_role IN SELECT g.role FROM o365_internal.grants_to_others() AS g
        WHERE g.object = format('TABLE o365_internal.%I', name) LOOP
        EXECUTE format('REVOKE ALL ON o365_internal.%I FROM %s CASCADE', name, v_role);
    END LOOP;
END $$;
COMMENT ON FUNCTION o365_internal.prepare_partition(text) IS
    'Gives a new partition what it does not take from its parent: a replica identity, so that rows can be deleted '
    'where all tables are published, and no grant that ALTER DEFAULT PRIVILEGES gave to somebody.';
