CREATE OR REPLACE FUNCTION o365_internal.proof_is_open(attempt_id bigint) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT p.made_at > now() - make_interval(mins => o365_internal.integer_setting('proof_minutes'))
              FROM o365_internal.proof AS p WHERE p.attempt_id = $1);
END $$;
COMMENT ON FUNCTION o365_internal.proof_is_open(bigint) IS
    'Whether a pasted webhook can still be proven: proof_minutes have not passed since its newest code was made. '
    'Null when the attempt pasted none.';
