CREATE OR REPLACE FUNCTION o365_programs.worker_key_backed_up(key_id text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE o365_internal.sealing_key AS k SET backed_up_at = now() WHERE k.key_id = worker_key_backed_up.key_id;
    RETURN FOUND;
END $$;
COMMENT ON FUNCTION o365_programs.worker_key_backed_up(text) IS
    'Notes that the file with this key was backed up; o365.health() warns until then. False for an unknown key.';
