CREATE OR REPLACE FUNCTION o365_internal.idle_time(subscription_id bigint, lease_no bigint) RETURNS interval
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
BEGIN
    RETURN (SELECT CASE WHEN l.throttled_since IS NULL AND l.claimed_at > l.tried_until
                        THEN l.claimed_at - l.tried_until ELSE interval '0' END
              FROM o365_internal.lane AS l
             WHERE l.subscription_id = idle_time.subscription_id AND l.lease_no = idle_time.lease_no);
END $$;
COMMENT ON FUNCTION o365_internal.idle_time(bigint, bigint) IS
    'How long a lane had not tried what it is counting when it was leased last: time that no failure is charged with.';
