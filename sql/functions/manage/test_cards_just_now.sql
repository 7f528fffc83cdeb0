CREATE OR REPLACE FUNCTION o365_internal.test_cards_just_now(subscription_id bigint) RETURNS integer
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
BEGIN
    RETURN (SELECT count(*) FROM o365_internal.outbox AS o
             WHERE o.subscription_id = $1 AND o.position < 0 AND o.enqueued_at > now() - interval '1 minute')
         + (SELECT count(*) FROM (SELECT FROM o365_internal.delivery AS d
                                   WHERE d.subscription_id = $1 AND d.at > now() - interval '1 minute' AND d.event = 'test'
                                     AND d.enqueued_at > now() - interval '1 minute' LIMIT 100) AS d);
END $$;
COMMENT ON FUNCTION o365_internal.test_cards_just_now(bigint) IS 'How many test cards were sent to a subscription within the last minute.';
