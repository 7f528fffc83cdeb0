CREATE OR REPLACE FUNCTION o365_programs.worker_plant_preflight(slug text, state_hashes bytea[], cookie_hashes bytea[],
                                                                token_hash bytea) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN o365_internal.plant_preflight(slug, state_hashes, cookie_hashes, token_hash);
END $$;
COMMENT ON FUNCTION o365_programs.worker_plant_preflight(text, bytea[], bytea[], bytea) IS
    'What o365-worker preflight needs for a moment: o365_internal.plant_preflight.';
