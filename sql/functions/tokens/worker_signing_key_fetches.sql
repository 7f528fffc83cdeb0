CREATE OR REPLACE FUNCTION o365_programs.worker_signing_key_fetches()
RETURNS TABLE (profile text, metadata_url text, hosts text, issuers text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
        WITH due AS (
            SELECT p.name FROM o365_internal.token_profile AS p
             WHERE o365_internal.needs_signing_keys(p)
               AND coalesce(p.tried_at, '-infinity') < now() - interval '55 seconds'
               AND (p.fetched_at IS NULL OR p.failing_since IS NOT NULL OR p.asked_at > p.fetched_at
                    OR p.fetched_at < now()
                       - make_interval(hours => o365_internal.integer_setting('signing_key_hours')))
             ORDER BY p.place FOR NO KEY UPDATE SKIP LOCKED)
        UPDATE o365_internal.token_profile AS p SET tried_at = now() FROM due
         WHERE p.name = due.name
        RETURNING p.name, p.metadata_url, to_json(p.hosts)::text, to_json(p.issuers)::text;
END $$;
COMMENT ON FUNCTION o365_programs.worker_signing_key_fetches() IS
    'The token profiles whose keys this worker is to fetch now: there are none yet, they are older than '
    'signing_key_hours, a token named one that is not known, or the last fetch failed. Each once a minute for all '
    'workers. hosts and issuers are arrays of JSON.';
