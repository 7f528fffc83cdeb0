CREATE OR REPLACE FUNCTION o365_internal.take_up_again(subscription_id bigint, lease_no bigint, "position" bigint)
RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
    v_lane o365_internal.lane;
    v_counted o365_internal.set_aside;
BEGIN
    SELECT l.* INTO v_lane FROM o365_internal.lane AS l
     WHERE l.subscription_id = take_up_again.subscription_id AND l.lease_no = take_up_again.lease_no;
    IF v_lane.trying = take_up_again.position THEN
        RETURN;
    END IF;
    -- The card that was tried until now waits, because an urgent card or one that was set aside went before it.
    INSERT INTO o365_internal.set_aside AS a (subscription_id, position, card_id, tried_at, failures, failing_since,
                                              unclear, tried_until, problem, is_aside)
        SELECT o.subscription_id, o.position, o.card_id, v_lane.tried_at, v_lane.failures, v_lane.failing_since,
               v_lane.unclear, v_lane.tried_until, v_lane.problem, false
          FROM o365_internal.outbox AS o
         WHERE o.subscription_id = v_lane.subscription_id AND o.position = v_lane.trying
        ON CONFLICT ON CONSTRAINT set_aside_pkey DO UPDATE
           SET tried_at = excluded.tried_at, failures = excluded.failures, failing_since = excluded.failing_since,
               unclear = excluded.unclear, tried_until = excluded.tried_until, problem = excluded.problem;
    SELECT a.* INTO v_counted FROM o365_internal.set_aside AS a
     WHERE a.subscription_id = take_up_again.subscription_id AND a.position = take_up_again.position;
    IF FOUND THEN
        UPDATE o365_internal.lane AS l
           SET trying = v_counted.position, tried_at = v_counted.tried_at, failures = v_counted.failures,
               failing_since = v_counted.failing_since, unclear = v_counted.unclear,
               tried_until = v_counted.tried_until
         WHERE l.subscription_id = take_up_again.subscription_id AND l.lease_no = take_up_again.lease_no;
    END IF;
END $$;
COMMENT ON FUNCTION o365_internal.take_up_again(bigint, bigint, bigint) IS
    'Called when a card failed. Where its lane was trying another one, what was counted of that is kept until it is '
    'tried again, and what was kept of this one is counted on: counts belong to the card. The caller has the lane.';
