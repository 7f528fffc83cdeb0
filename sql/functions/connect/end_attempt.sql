CREATE OR REPLACE FUNCTION o365_internal.end_attempt(attempt_id bigint, request_id text, outcome text, detail text,
                                                     subscription_id bigint)
RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE o365_internal.connect_attempt AS a
       SET consumed_at = now(), outcome = $3, request_id = $2, detail = $4, subscription_id = $5
     WHERE a.attempt_id = $1;
END $$;
COMMENT ON FUNCTION o365_internal.end_attempt(bigint, text, text, text, bigint) IS
    'Ends an attempt with its outcome: its state serves no other callback.';
