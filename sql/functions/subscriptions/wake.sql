CREATE OR REPLACE FUNCTION o365_internal.wake(subscription_id bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    -- Not before a lease that a worker may still hold has ended: at most one POST is in flight per lane. The counts of
    -- its first card stay: it may have been shown, and has failed as often as before. Throttled time does not count.
    UPDATE o365_internal.lane AS l
       SET not_before = NULL, why = NULL, next_at = greatest(now(), l.lease_until),
           failing_since = l.failing_since
                           + coalesce(least(now(), l.tried_until) - l.throttled_since, interval '0'),
           throttles = 0, throttled_since = NULL, gone_since = NULL, useless_since = NULL, dead_in_a_row = 0,
           unclear_in_a_row = 0, verdict = NULL, problem = NULL,
           blocked = NULL, blocked_since = NULL,
           -- Cards that wait for a connection to which nothing is sent any more end as cancelled, whatever its schedule
           -- was.
           run = (SELECT CASE WHEN s.status IN ('removed', 'gone', 'retired') THEN NULL
                              WHEN s.schedule <> 'immediate' THEN coalesce(l.run, '{}') ELSE l.run END
                    FROM o365_internal.subscription AS s WHERE s.subscription_id = l.subscription_id)
     WHERE l.subscription_id = $1;
    PERFORM o365_internal.await_runs(ARRAY[subscription_id]);
END $$;
COMMENT ON FUNCTION o365_internal.wake(bigint) IS
    'Ends what a lane waits for and makes it due, after the lease that may still be held, or when its schedule runs. '
    'What is counted of its webhook is forgotten, what is counted of its card stays.';
