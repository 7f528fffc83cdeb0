CREATE OR REPLACE FUNCTION o365_internal.clock_put_back(was timestamptz) RETURNS boolean
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET plan_cache_mode = force_generic_plan SET jit = off AS $$
DECLARE
    c_lanes CONSTANT integer := 5000;
    v_now timestamptz := clock_timestamp();
    v_last timestamptz := was + make_interval(secs => o365_internal.integer_setting('retry_cap_seconds'));
    v_lanes integer;
BEGIN
    -- A lane that waits is tried at once, unless the far end asked for a wait longer than retry_cap_seconds. A lease
    -- that was granted before still lasts as long as it was granted for.
    UPDATE o365_internal.lane AS l
       SET next_at = CASE WHEN l.worker IS NULL THEN v_now ELSE v_now + (l.next_at - l.claimed_at) END,
           not_before = CASE WHEN l.worker IS NULL AND l.why <> 'pause' THEN v_now ELSE l.not_before END,
           lease_until = CASE WHEN l.worker IS NOT NULL THEN v_now + (l.next_at - l.claimed_at) END,
           claimed_at = least(l.claimed_at, v_now)
     WHERE l.ctid = ANY (ARRAY(SELECT d.tid FROM o365_internal.host AS h
                                  CROSS JOIN unnest(o365_internal.all_turns()) AS t (turn) CROSS JOIN LATERAL (
                                   SELECT x.ctid AS tid FROM o365_internal.lane AS x
                                    WHERE x.host_id = h.host_id AND x.turn = t.turn
                                      AND x.next_at > v_now AND x.next_at <= v_last
                                      AND (x.worker IS NULL OR x.claimed_at > v_now)
                                    ORDER BY x.next_at LIMIT c_lanes FOR UPDATE SKIP LOCKED) AS d LIMIT c_lanes));
    GET DIAGNOSTICS v_lanes = ROW_COUNT;
    RETURN v_lanes < c_lanes;
END $$;
COMMENT ON FUNCTION o365_internal.clock_put_back(timestamptz) IS
    'The clock was put back from `was`, so that whoever waits for a time would wait that much longer: makes up to '
    '5,000 such lanes due. False when there may be more of them.';
