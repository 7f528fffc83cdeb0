CREATE OR REPLACE FUNCTION o365_programs.worker_clear_preflight(state_hashes bytea[], token_hash bytea,
                                                                request_ids text[]) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN o365_internal.clear_preflight(state_hashes, token_hash, request_ids);
END $$;
COMMENT ON FUNCTION o365_programs.worker_clear_preflight(bytea[], bytea, text[]) IS
    'Takes away again what worker_plant_preflight made: o365_internal.clear_preflight.';
