CREATE OR REPLACE FUNCTION o365_internal.far_end_failed(
    subscription_id bigint, lease_no bigint, "position" bigint, outcome text, http_status integer,
    retry_after integer, problem text)
RETURNS boolean
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
    v_now timestamptz := clock_timestamp();
    v_lane o365_internal.lane;
    v_host o365_internal.host;
    v_locked boolean;
    v_unclear integer;
    v_until timestamptz;
BEGIN
    -- No connection, no answer in time, or an answer that reports a failure of the far end itself.
    IF outcome NOT IN ('retry', 'in_doubt') OR http_status BETWEEN 1 AND 499 OR http_status > 599 THEN
        RETURN false;
    END IF;
    SELECT l.* INTO v_lane FROM o365_internal.lane AS l
     WHERE l.subscription_id = far_end_failed.subscription_id AND l.lease_no = far_end_failed.lease_no;
    SELECT h.* INTO v_host FROM o365_internal.host AS h WHERE h.host_id = v_lane.host_id FOR UPDATE SKIP LOCKED;
    v_locked := FOUND;
    IF NOT v_locked THEN
        SELECT h.* INTO v_host FROM o365_internal.host AS h WHERE h.host_id = v_lane.host_id;
    ELSIF v_host.failing_since IS NULL THEN
        v_host := o365_internal.suspect(v_host, subscription_id, coalesce(problem, outcome));
    ELSIF v_lane.claimed_at >= v_host.probed_at THEN
        UPDATE o365_internal.host AS h
           SET failing_until = v_now + o365_internal.probe_backoff(h.probes),
               problem = coalesce(far_end_failed.problem, outcome)
         WHERE h.host_id = v_host.host_id RETURNING h.* INTO v_host;
    END IF;
    IF v_host.failing_since IS NULL THEN
        RETURN false;
    END IF;
    v_unclear := CASE WHEN v_lane.trying = position THEN v_lane.unclear ELSE 0 END + (outcome = 'in_doubt')::integer;
    IF outcome = 'in_doubt'
       AND (v_unclear > o365_internal.integer_setting('unclear_answers')
            OR EXISTS (SELECT FROM o365_internal.subscription AS s
                        WHERE s.subscription_id = far_end_failed.subscription_id AND s.in_doubt_policy = 'skip')) THEN
        RETURN false;   -- it ends
    END IF;
    -- This does not count as a failure. tried_until is unchanged, so that the time since then does not count either.
    v_until := greatest(v_host.failing_until, v_now + make_interval(secs => least(coalesce(retry_after, 0), 86400)));
    UPDATE o365_internal.lane AS l
       SET trying = far_end_failed.position,
           tried_at = CASE WHEN l.trying = far_end_failed.position THEN coalesce(l.tried_at, l.claimed_at)
                           ELSE l.claimed_at END,
           failures = CASE WHEN l.trying = far_end_failed.position THEN l.failures ELSE 0 END,
           failing_since = CASE WHEN l.trying = far_end_failed.position THEN l.failing_since END,
           unclear = v_unclear,
           unclear_in_a_row = l.unclear_in_a_row + (far_end_failed.outcome = 'in_doubt')::integer,
           blocked = NULL, blocked_since = NULL,
           problem = coalesce(far_end_failed.problem, far_end_failed.outcome),
           next_at = CASE WHEN l.why = 'pause' THEN l.next_at ELSE v_until END,
           not_before = CASE WHEN l.why = 'pause' THEN l.not_before ELSE v_until END,
           why = CASE WHEN l.why = 'pause' THEN l.why ELSE 'host' END
     WHERE l.subscription_id = far_end_failed.subscription_id AND l.lease_no = far_end_failed.lease_no;
    RETURN true;
END $$;
COMMENT ON FUNCTION o365_internal.far_end_failed(bigint, bigint, bigint, text, integer, integer, text) IS
    'Called when the first card of a lane did not reach its end: notes it as evidence against the far end, if it is '
    'such. True when the far end fails as a whole: the lane waits for it then, and nothing counts against the card but '
    'a lost answer, for it may have been shown. Waits for no lock. The caller has the lane.';
