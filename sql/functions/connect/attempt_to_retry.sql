CREATE OR REPLACE FUNCTION o365_internal.attempt_to_retry(connector_id integer, request_id text, cookie_hashes bytea[])
RETURNS o365_internal.connect_attempt
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN (SELECT a FROM o365_internal.connect_attempt AS request
      JOIN o365_internal.connect_attempt AS a ON a.attempt_id = coalesce(request.of_attempt, request.attempt_id)
     WHERE request.request_id = $2 AND a.connector_id = $1 AND a.cookie_hash = ANY ($3)
     ORDER BY request.attempt_id DESC LIMIT 1);
END $$;
COMMENT ON FUNCTION o365_internal.attempt_to_retry(integer, text, bytea[]) IS
    'The attempt that a failure page with that request id is about, if this browser began it: one of its cookies says '
    'so. Null otherwise.';
