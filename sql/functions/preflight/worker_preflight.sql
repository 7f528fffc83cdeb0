CREATE OR REPLACE FUNCTION o365_programs.worker_preflight(slug text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
BEGIN
    RETURN o365_internal.preflight(slug);
END $$;
COMMENT ON FUNCTION o365_programs.worker_preflight(text) IS
    'What o365-worker preflight asks the database: o365_internal.preflight.';
