CREATE OR REPLACE FUNCTION o365_programs.worker_outlook() RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
SET jit = off AS $$
DECLARE
    c_most CONSTANT integer := 1000;
    v_now timestamptz := clock_timestamp();
    v_hosts integer[] := o365_internal.open_hosts();
    v_due bigint;
    v_leased bigint;
    v_waiting bigint;
    v_next_at timestamptz;
    v_paused bigint;
    v_suspended bigint;
    v_failing bigint;
BEGIN
    -- By the indexes on lanes that are due, held or failing; the first thousand of each answer everything that --once
    -- asks.
    v_due := (SELECT count(*) FROM unnest(v_hosts) AS h (id)
               CROSS JOIN unnest(o365_internal.all_turns()) AS t (turn) CROSS JOIN LATERAL (
                  SELECT FROM o365_internal.lane AS l
                   WHERE l.host_id = h.id AND l.turn = t.turn AND l.next_at <= v_now LIMIT c_most) AS l);
    -- A lane whose lease ended without a report may wait for its quota without having been given back.
    SELECT count(*) FILTER (WHERE l.lease_until > v_now),
           count(*) FILTER (WHERE l.worker IS NULL OR l.lease_until <= v_now),
           min(l.next_at) FILTER (WHERE l.worker IS NULL OR l.lease_until <= v_now)
      INTO v_leased, v_waiting, v_next_at
      FROM unnest(v_hosts) AS h (id)
     CROSS JOIN unnest(o365_internal.all_turns()) AS t (turn) CROSS JOIN LATERAL (
               SELECT CASE l.why WHEN 'schedule' THEN l.not_before ELSE l.next_at END AS next_at, l.worker,
                      l.lease_until FROM o365_internal.lane AS l
                WHERE l.host_id = h.id AND l.turn = t.turn AND l.next_at > v_now ORDER BY l.next_at LIMIT c_most) AS l;
    SELECT count(*) FILTER (WHERE l.status IN ('paused', 'pending')),
           count(*) FILTER (WHERE l.status NOT IN ('paused', 'pending'))
      INTO v_paused, v_suspended
      FROM (SELECT s.status FROM o365_internal.lane AS l
             CROSS JOIN LATERAL (SELECT x.status FROM o365_internal.subscription AS x
                                  WHERE x.subscription_id = l.subscription_id LIMIT 1) AS s
             WHERE l.why = 'pause' AND EXISTS (
                   SELECT FROM o365_internal.outbox AS o WHERE o.subscription_id = l.subscription_id)
             LIMIT c_most) AS l;
    -- Cards for a far end that is held wait as if paused.
    SELECT v_paused + count(*) FILTER (WHERE h.failing_since IS NULL),
           count(*) FILTER (WHERE h.failing_since IS NOT NULL),
           least(v_next_at, min(coalesce(h.failing_until, nullif(h.held_until, 'infinity'))))
      INTO v_paused, v_failing, v_next_at FROM o365_internal.host AS h CROSS JOIN LATERAL (
               SELECT FROM o365_internal.lane AS l
                WHERE l.host_id = h.host_id AND l.next_at IS NOT NULL LIMIT c_most) AS l
     WHERE h.host_id <> ALL (v_hosts);
    -- Cards that are scheduled, as many lanes.
    SELECT v_waiting + count(*), least(v_next_at, min(s.due_at)) INTO v_waiting, v_next_at
      FROM (SELECT x.due_at FROM o365_internal.scheduled AS x ORDER BY x.due_at LIMIT c_most) AS s;
    RETURN jsonb_build_object(
        'due', v_due + v_leased, 'waiting', v_waiting, 'next_at', v_next_at,
        'paused', v_paused, 'suspended', v_suspended,
        'failing', v_failing + (SELECT count(*) FROM (
                      SELECT FROM o365_internal.lane AS l WHERE l.problem IS NOT NULL AND l.next_at IS NOT NULL
                         AND l.throttled_since IS NULL LIMIT c_most) AS l),
        'unfed', (SELECT EXISTS (SELECT FROM o365_internal.postponed)
                      OR EXISTS (SELECT FROM o365_internal.scheduled AS s WHERE s.due_at <= v_now)
                      OR EXISTS (SELECT FROM o365_internal.feeding_again)
                      OR EXISTS (SELECT FROM o365_internal.outbox AS o WHERE o.xid >= pg_snapshot_xmax(f.snap))
                      OR EXISTS (SELECT FROM o365_internal.outbox AS o
                                  WHERE o.xid = ANY (ARRAY(SELECT pg_snapshot_xip(f.snap))))
                    FROM o365_internal.fed AS f ORDER BY f.n DESC LIMIT 1));
END $$;
COMMENT ON FUNCTION o365_programs.worker_outlook() IS
    'How many lanes are due or leased, wait for a time, wait paused (or for a far end that is held) or suspended with '
    'cards, or fail, by themselves or with their far end: of each at most about a thousand are counted, by far end '
    'those that are due or wait for a time; whether there are cards that no lane knows of yet; and when the next lane '
    'is due. For --once.';
