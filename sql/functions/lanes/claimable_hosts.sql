CREATE OR REPLACE FUNCTION o365_internal.claimable_hosts(
    n_lanes integer, low timestamptz, at timestamptz, OUT ids integer[], OUT most integer[], OUT lows timestamptz[])
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
DECLARE
    c_probes CONSTANT integer := 2;     -- lanes of each turn
    c_first CONSTANT integer := 16;     -- lanes in the first second of a recovery, twice as many in each further one
    c_seconds CONSTANT integer := 8;    -- that a recovery takes
    v_host o365_internal.host;
    c_looks CONSTANT integer := 1000;   -- due lanes of each turn among which one that did not fail is looked for
    v_due integer;
    v_left integer;
BEGIN
    SELECT coalesce(array_agg(h.host_id), '{}'), coalesce(array_agg(n_lanes), '{}'), coalesce(array_agg(low), '{}')
      INTO ids, most, lows
      FROM o365_internal.host AS h
     WHERE (h.held_until > at) IS NOT TRUE AND h.failing_since IS NULL AND h.recovered_at IS NULL;
    IF NOT EXISTS (SELECT FROM o365_internal.host AS h WHERE h.suspects IS NOT NULL) THEN
        RETURN;
    END IF;
    -- One worker at a time probes a far end, or raises its rate; the others skip it meanwhile.
    FOR v_host IN SELECT h.* FROM o365_internal.host AS h
                   WHERE h.suspects IS NOT NULL AND (h.held_until > at) IS NOT TRUE
                     -- Further ahead than any backoff: the clock was set back.
                     AND (h.failing_until NOT BETWEEN at AND at + interval '3 minutes'
                          OR h.recovered_at IS NOT NULL)
                     FOR UPDATE SKIP LOCKED
    LOOP
        IF v_host.recovered_at <= at - make_interval(secs => c_seconds) OR v_host.recovered_at > at THEN
            UPDATE o365_internal.host AS h
               SET recovered_at = NULL, taken = 0, suspects = nullif(h.suspects, '{}')
             WHERE h.host_id = v_host.host_id;
            ids := ids || v_host.host_id;
            most := most || n_lanes;
            lows := lows || '-infinity'::timestamptz;
            CONTINUE;
        END IF;
        v_left := CASE WHEN v_host.failing_since IS NOT NULL THEN c_probes
            ELSE least(n_lanes, c_first * (2 ^ (1 + trunc(extract(epoch FROM at - v_host.recovered_at))) - 1)
                                - v_host.taken) END;
        CONTINUE WHEN v_left <= 0;
        v_due := (SELECT count(*) FROM unnest(o365_internal.all_turns()) AS t (turn) CROSS JOIN LATERAL (
                      SELECT FROM o365_internal.lane AS l
                       WHERE l.host_id = v_host.host_id AND l.turn = t.turn AND l.next_at <= at
                       LIMIT v_left) AS d);
        CONTINUE WHEN v_due = 0;
        IF v_host.failing_since IS NOT NULL THEN
            PERFORM o365_internal.put_probes_first(v_host, at, c_probes, c_looks);
            -- The result of a probe sets the time of the next one; a probe without a result does not.
            UPDATE o365_internal.host AS h
               SET probes = h.probes + 1, probed_at = at,
                   failing_until = at + make_interval(
                       secs => 5 + o365_internal.integer_setting('post_timeout_seconds'))
             WHERE h.host_id = v_host.host_id;
        ELSE
            UPDATE o365_internal.host AS h SET taken = h.taken + least(v_due, v_left)
             WHERE h.host_id = v_host.host_id;
        END IF;
        ids := ids || v_host.host_id;
        most := most || v_left;
        lows := lows || '-infinity'::timestamptz;
    END LOOP;
END $$;
COMMENT ON FUNCTION o365_internal.claimable_hosts(integer, timestamptz, timestamptz) IS
    'The far ends whose due lanes a claim of n_lanes at this time may take, how many of each turn, and from when on '
    'they were due: n_lanes and low. Of one that fails and is to be probed now: 2, whenever they were due, those that '
    'did not fail before the others, and this counts as a probe. Of one that recovers: what its rate allows at this '
    'moment, which counts as taken. Those that are held are left out, and those that another claim is looking at.';
