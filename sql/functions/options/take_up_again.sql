CREATE OR REPLACE FUNCTION o365_internal.take_up_again(subscription_id bigint, lease_no bigint, "position" bigint)
RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
    v_aside o365_internal.set_aside;
BEGIN
    SELECT a.* INTO v_aside FROM o365_internal.set_aside AS a
     WHERE a.subscription_id = take_up_again.subscription_id AND a.position = take_up_again.position;
    IF FOUND THEN
        UPDATE o365_internal.lane AS l
           SET trying = v_aside.position, tried_at = v_aside.tried_at, failures = v_aside.failures,
               failing_since = v_aside.failing_since, unclear = v_aside.unclear, tried_until = v_aside.tried_until
         WHERE l.subscription_id = take_up_again.subscription_id AND l.lease_no = take_up_again.lease_no
           AND l.trying IS DISTINCT FROM v_aside.position;
    END IF;
END $$;
COMMENT ON FUNCTION o365_internal.take_up_again(bigint, bigint, bigint) IS
    'Called when a card failed that may have been set aside before: its lane goes on counting its failures where it '
    'stopped. Does nothing for a card that was not. The caller has the lane.';
