CREATE OR REPLACE FUNCTION o365_programs.worker_secrets(subscription_ids bigint[])
RETURNS TABLE (subscription_id bigint, secret_version integer, key_id text, sealed bytea)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT s.subscription_id, s.secret_version, s.key_id, s.sealed FROM o365_internal.subscription AS s
     WHERE s.subscription_id = ANY ($1) AND s.sealed IS NOT NULL;
END $$;
COMMENT ON FUNCTION o365_programs.worker_secrets(bigint[]) IS
    'The sealed webhooks of those of these subscriptions that have one. Only the key file opens them.';
