CREATE OR REPLACE FUNCTION o365_internal.explain_due(subscription_id bigint) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_variable
DECLARE
    c_most CONSTANT integer := 1000;
    v_lane record;
    v_host o365_internal.host;
    v_key text := (SELECT s.key_id FROM o365_internal.subscription AS s
                    WHERE s.subscription_id = explain_due.subscription_id);
    v_locked text;
    v_with_key text;
    v_before bigint;
    v_said text[] := '{}';
BEGIN
    -- What waits for its schedule has its time in not_before, and is folded by the next claim.
    SELECT CASE WHEN l.next_at = 'infinity' THEN l.not_before ELSE l.next_at END AS next_at, l.host_id, l.turn,
           l.problem, l.failures, l.xmax AS locked INTO v_lane
      FROM o365_internal.lane AS l
     WHERE l.subscription_id = explain_due.subscription_id ORDER BY l.lease_no DESC LIMIT 1;
    v_locked := o365_internal.lane_waits(subscription_id, v_lane.next_at, v_lane.locked);
    IF v_locked IS NOT NULL THEN
        RETURN ARRAY['its connection is ' || v_locked];
    END IF;
    SELECT h.* INTO v_host FROM o365_internal.host AS h WHERE h.host_id = v_lane.host_id;
    -- The lanes that a claim takes first: of the same far end and turn, and due for longer.
    v_before := (SELECT count(*) FROM (SELECT FROM o365_internal.lane AS l
                                        WHERE l.host_id = v_lane.host_id AND l.turn = v_lane.turn
                                          AND l.next_at < v_lane.next_at LIMIT c_most + 1) AS l);
    -- A worker that lacks a key leaves the lane to workers that have it.
    v_with_key := (SELECT string_agg(w.name, ', ' ORDER BY w.name)
                     FROM o365_internal.living_workers(o365_internal.text_setting('environment')) AS l (worker)
                     JOIN o365_internal.worker AS w ON w.worker_id = l.worker
                    WHERE v_key = ANY (w.key_ids)
                      AND EXISTS (SELECT FROM o365_internal.living_workers(
                                                  o365_internal.text_setting('environment')) AS o (worker)
                                    JOIN o365_internal.worker AS x ON x.worker_id = o.worker
                                   WHERE v_key = ANY (x.leaves)));
    IF v_host.recovered_at BETWEEN now() - interval '8 seconds' AND now() THEN
        v_said := v_said || format('far end %s failed until %s and recovers: its connections are taken at a rate that '
                                   'grows', v_host.name, o365_internal.moment(v_host.recovered_at));
    END IF;
    IF v_lane.failures = 0 AND v_lane.problem IS NOT NULL THEN
        v_said := v_said || format('what kept its connection before: %s', v_lane.problem);
    END IF;
    IF v_with_key IS NOT NULL THEN
        v_said := v_said || format('its webhook is sealed under key %s, which not every worker has: it is left to %s',
                                   v_key, v_with_key);
    END IF;
    RETURN v_said || format('its connection is due since %s: %s', o365_internal.moment(v_lane.next_at),
        CASE WHEN v_before = 0 AND v_said = '{}' THEN 'a worker takes it next'
             WHEN v_before = 0 THEN format('none of far end %s is due for longer', v_host.name)
             ELSE format('%s%s of far end %s%s due for longer', CASE WHEN v_before > c_most THEN 'more than ' END,
                         o365_internal.plural(least(v_before, c_most), 'connection', 'connections'), v_host.name,
                         CASE v_before WHEN 1 THEN ' is' ELSE ' are' END) END);
END $$;
COMMENT ON FUNCTION o365_internal.explain_due(bigint) IS
    'Why nobody has taken a lane whose time has come, in sentences without a capital and a full stop: who has it '
    'locked; a far end that recovers; what kept it before, such as the proxy of a worker; whom it is left to; how many '
    'lanes of its far end and turn go before it, 1,000 at most.';
