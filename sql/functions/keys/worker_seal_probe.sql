CREATE OR REPLACE FUNCTION o365_programs.worker_seal_probe(plain text) RETURNS TABLE (key_id text, sealed bytea)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_pair record := o365_internal.seal(plain);
BEGIN
    RETURN QUERY SELECT v_pair.key_id, v_pair.sealed;
END $$;
COMMENT ON FUNCTION o365_programs.worker_seal_probe(text) IS
    'Seals a text that is no secret the way a callback does: `o365-worker keys check` opens it again. Error: '
    'object_not_in_prerequisite_state when there is no key.';
