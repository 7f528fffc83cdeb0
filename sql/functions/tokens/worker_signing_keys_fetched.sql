CREATE OR REPLACE FUNCTION o365_programs.worker_signing_keys_fetched(profile text, metadata_url text, keys jsonb,
    problem text) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_profile o365_internal.token_profile;
    v_new bigint;
    v_gone bigint;
BEGIN
    SELECT p.* INTO v_profile FROM o365_internal.token_profile AS p
     WHERE p.name = worker_signing_keys_fetched.profile
       AND p.metadata_url = worker_signing_keys_fetched.metadata_url FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN format('keys of %s are no longer wanted from there', profile);
    END IF;
    IF problem IS NOT NULL THEN
        UPDATE o365_internal.token_profile AS p
           SET failing_since = coalesce(p.failing_since, now()),
               problem = left(worker_signing_keys_fetched.problem, 500)
         WHERE p.name = v_profile.name;
        RETURN format('could not fetch the signing keys of %s: %s', profile, problem);
    END IF;
    WITH merged AS (
        INSERT INTO o365_internal.signing_key AS k (profile, kid, modulus, exponent, issuer)
            SELECT v_profile.name, j.kid, j.n, j.e, j.issuer
              FROM jsonb_to_recordset(keys) AS j (kid text, n text, e text, issuer text)
            ON CONFLICT ON CONSTRAINT signing_key_pkey DO UPDATE SET modulus = excluded.modulus,
                exponent = excluded.exponent, issuer = excluded.issuer, last_seen_at = excluded.last_seen_at
            RETURNING (k.xmax = 0) AS is_new)
    SELECT count(*) FILTER (WHERE m.is_new) INTO v_new FROM merged AS m;
    DELETE FROM o365_internal.signing_key AS k
     WHERE k.profile = v_profile.name AND k.last_seen_at < now() - v_profile.keep_keys;
    GET DIAGNOSTICS v_gone = ROW_COUNT;
    UPDATE o365_internal.token_profile AS p SET fetched_at = now(), failing_since = NULL, problem = NULL
     WHERE p.name = v_profile.name;
    RETURN CASE WHEN v_new + v_gone > 0 OR v_profile.problem IS NOT NULL
                THEN format('fetched the signing keys of %s: %s, %s new, %s forgotten', profile,
                            jsonb_array_length(keys), v_new, v_gone)
                ELSE '' END;
END $$;
COMMENT ON FUNCTION o365_programs.worker_signing_keys_fetched(text, text, jsonb, text) IS
    'Stores what a worker fetched for a token profile: keys as an array of kid, n, e and issuer, each judged by the '
    'worker; or problem, why it could not, which leaves the keys as they are. Keys that left the key set longer ago '
    'than keep_keys are forgotten. Nothing is stored when metadata_url is the profile''s no longer. Returns what was '
    'done, for the log; empty when nothing changed.';
