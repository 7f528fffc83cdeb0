CREATE OR REPLACE FUNCTION o365_internal.too_many_tests(subscription_id bigint) RETURNS integer
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_a_minute integer := o365_internal.integer_setting('tests_per_minute');
BEGIN
    IF (SELECT count(*) FROM o365_internal.outbox AS o
         WHERE o.subscription_id = $1 AND o.position < o365_internal.tests_below()
            AND o.enqueued_at > now() - interval '1 minute')
       + (SELECT count(*) FROM (SELECT FROM o365_internal.delivery AS d
                                 WHERE d.subscription_id = $1 AND d.at > now() - interval '1 minute'
                                   AND d.event = 'test'
                                   AND d.enqueued_at > now() - interval '1 minute' LIMIT 100) AS d) >= v_a_minute THEN
        RETURN v_a_minute;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION o365_internal.too_many_tests(bigint) IS
    'The setting tests_per_minute, whoever sends the test cards, if a subscription has had as many within the last '
    'minute; else null. The caller has the lane locked.';
