CREATE OR REPLACE FUNCTION o365_programs.responder_ask_for_keys(profile text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
BEGIN
    -- Anybody can name a key that does not exist: so there is one row for each profile, written once a minute, and no
    -- session waits for it.
    UPDATE o365_internal.token_profile AS p SET asked_at = now()
     WHERE p.name = ANY (ARRAY(SELECT x.name FROM o365_internal.token_profile AS x
                                WHERE x.name = responder_ask_for_keys.profile AND x.enabled
                                  AND (x.asked_at IS NULL OR x.asked_at < now() - interval '1 minute')
                                  FOR NO KEY UPDATE SKIP LOCKED));
    RETURN FOUND;
END $$;
COMMENT ON FUNCTION o365_programs.responder_ask_for_keys(text) IS
    'Asks workers to fetch the keys of a token profile, because a token named one that is not known. False when that '
    'was asked within the last minute, or the profile is off.';
