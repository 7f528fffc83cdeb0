CREATE OR REPLACE FUNCTION o365_internal.few_wait(subscription_ids bigint[]) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    RETURN (SELECT count(*) <= 5000 FROM (SELECT FROM o365_internal.outbox AS o
                                           WHERE o.subscription_id = ANY ($1) LIMIT 5001) AS o);
END $$;
COMMENT ON FUNCTION o365_internal.few_wait(bigint[]) IS
    'Whether the cards that wait for these subscriptions are few, 5,000 at most, so that they are read by them.';
