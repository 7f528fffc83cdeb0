CREATE OR REPLACE FUNCTION o365_internal.this_database() RETURNS o365_internal.known_database
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_this o365_internal.known_database;
BEGIN
    SELECT true, o365_internal.cluster_id(), d.oid, d.datname,
           ARRAY['o365_internal.subscription'::regclass, 'o365_internal.lane'::regclass]::oid[], now()
      INTO v_this FROM pg_database AS d WHERE d.datname = current_database();
    RETURN v_this;
END $$;
COMMENT ON FUNCTION o365_internal.this_database() IS 'What known_database holds for the database of this session.';
