CREATE OR REPLACE FUNCTION o365_internal.await_proof(subscription_id bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
BEGIN
    UPDATE o365_internal.subscription AS s
       SET status = 'suspended', awaits_proof = true,
           status_reason = 'it was imported, and its user has not typed the code of its test card yet',
           status_at = now()
     WHERE s.subscription_id = await_proof.subscription_id;
    PERFORM o365_internal.stop_lane(subscription_id);
END $$;
COMMENT ON FUNCTION o365_internal.await_proof(bigint) IS
    'Suspends a subscription whose webhook was imported, until its user has proven it. Not pending: what is pending is '
    'removed after confirm_minutes, and a user may take days. The caller has the lane locked.';
