CREATE OR REPLACE FUNCTION o365_internal.claim(worker integer, low timestamptz, n_lanes integer, n_cards integer,
    lane_bytes integer, all_bytes integer)
RETURNS TABLE (fed integer, seen text, quiet_until timestamptz, subscription_id bigint, lease_no bigint,
    secret_version integer, dialect text, lease_ms integer, was_due timestamptz, payload text, has_cards boolean,
    "position" bigint, card_id bigint, card text, ends_as text, reason text, extra text,
    expires_ms bigint)
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
    c_few CONSTANT integer := 4;   -- lanes whose cards come with them
    c_quiet CONSTANT interval := '5 seconds';
    c_held CONSTANT interval := '1 second';    -- while far ends are held or fail, which come back by time
    v_started timestamptz := clock_timestamp();
    v_seen text := pg_current_snapshot()::text;   -- (!) before anything is looked at
    v_hosts integer[];
    v_before pg_snapshot;
    v_fed_at timestamptz;
    v_arrived boolean;   -- cards have come
    v_due boolean;       -- something else may be to do
    v_behind boolean;    -- a round of arrivals is to be noted
    v_lanes record;
BEGIN
    SELECT f.snap, f.at INTO v_before, v_fed_at FROM o365_internal.fed AS f ORDER BY f.n DESC LIMIT 1;
    v_hosts := o365_internal.open_hosts();
    -- Usually nothing has arrived and nothing is due, and one statement finds that out. It may miss that there is
    -- nothing, but it never says so if worker_feed or worker_lease would find something.
    SELECT EXISTS (SELECT FROM o365_internal.outbox AS o WHERE o.xid >= pg_snapshot_xmax(v_before))
           OR EXISTS (SELECT FROM pg_snapshot_xip(v_before) AS x (xid) CROSS JOIN LATERAL (
                          SELECT FROM o365_internal.outbox AS o WHERE o.xid = x.xid LIMIT 1) AS o
                       WHERE pg_visible_in_snapshot(x.xid, pg_current_snapshot())),
           EXISTS (SELECT FROM unnest(v_hosts) AS h (id)
                    CROSS JOIN unnest(o365_internal.all_turns()) AS t (turn) CROSS JOIN LATERAL (
                       SELECT FROM o365_internal.lane AS l WHERE l.host_id = h.id AND l.turn = t.turn
                          AND l.next_at >= low AND l.next_at <= clock_timestamp() LIMIT 1) AS d)
           -- Far ends that are to be probed, or recover: claimable_hosts.
           OR EXISTS (SELECT FROM o365_internal.host AS h
                       CROSS JOIN unnest(o365_internal.all_turns()) AS t (turn) CROSS JOIN LATERAL (
                          SELECT FROM o365_internal.lane AS l WHERE l.host_id = h.host_id AND l.turn = t.turn
                             AND l.next_at <= clock_timestamp() LIMIT 1) AS d
                       WHERE h.suspects IS NOT NULL AND (h.held_until > clock_timestamp()) IS NOT TRUE
                         AND (h.failing_until NOT BETWEEN clock_timestamp()
                                                      AND clock_timestamp() + interval '3 minutes'
                              OR h.recovered_at IS NOT NULL))
           OR EXISTS (SELECT FROM o365_internal.scheduled AS s WHERE s.due_at <= clock_timestamp())
           OR EXISTS (SELECT FROM o365_internal.lane AS l
                       WHERE l.why = 'schedule' AND l.not_before <= clock_timestamp())
           OR EXISTS (SELECT FROM o365_internal.handing) OR EXISTS (SELECT FROM o365_internal.postponed)
           OR EXISTS (SELECT FROM o365_internal.feeding_again)
           OR v_fed_at > v_started + interval '10 seconds',
           -- So that what is in progress becomes known as such: worker_feed writes it down then. Here its cards would
           -- be passed over at each look, which is seen by the time that it takes. Of the cards of transactions that
           -- failed the time alone is seen. The round itself counts as one transaction.
           (v_fed_at < v_started - interval '1 second' OR clock_timestamp() > v_started + interval '2 ms')
              AND EXISTS (SELECT FROM pg_snapshot_xip(pg_current_snapshot()) AS x (xid)
                           WHERE x.xid >= pg_snapshot_xmax(v_before))
           OR v_fed_at < v_started - interval '1 second' AND clock_timestamp() > v_started + interval '2 ms'
              AND pg_snapshot_xmax(pg_current_snapshot())::text::bigint
                  > pg_snapshot_xmax(v_before)::text::bigint + 1
      INTO v_arrived, v_due, v_behind;
    IF NOT v_arrived AND NOT v_due AND NOT v_behind THEN
        fed := 0;
        seen := v_seen;
        quiet_until := least(
            v_started + CASE WHEN EXISTS (SELECT FROM o365_internal.host AS h
                                           WHERE h.held_until IS NOT NULL OR h.suspects IS NOT NULL)
                             THEN c_held ELSE c_quiet END,
            (SELECT d.next_at FROM unnest(v_hosts) AS h (id) CROSS JOIN unnest(o365_internal.all_turns()) AS t (turn)
              CROSS JOIN LATERAL (SELECT l.next_at FROM o365_internal.lane AS l
                                   WHERE l.host_id = h.id AND l.turn = t.turn AND l.next_at >= v_started
                                   ORDER BY l.next_at LIMIT 1) AS d
              ORDER BY d.next_at LIMIT 1),
            (SELECT s.due_at FROM o365_internal.scheduled AS s ORDER BY s.due_at LIMIT 1),
            (SELECT l.not_before FROM o365_internal.lane AS l WHERE l.why = 'schedule'
              ORDER BY l.not_before LIMIT 1));
        RETURN NEXT;
        RETURN;
    END IF;
    fed := 0;
    IF v_arrived AND NOT v_due THEN
        SELECT array_agg(l.subscription_id) AS ids, array_agg(l.lease_no) AS leases,
               array_agg(l.secret_version) AS versions, array_agg(l.dialect) AS dialects, array_agg(l.lease_ms) AS ends,
               array_agg(l.was_due) AS due, array_agg(l.payload) AS payloads, count(*) AS n INTO v_lanes
          FROM o365_internal.lease_few(worker, v_hosts, least(c_few, n_lanes), n_lanes) AS l;
        fed := v_lanes.n;
    END IF;
    IF fed = 0 THEN
        fed := o365_programs.worker_feed();
        SELECT array_agg(l.subscription_id) AS ids, array_agg(l.lease_no) AS leases,
               array_agg(l.secret_version) AS versions, array_agg(l.dialect) AS dialects, array_agg(l.lease_ms) AS ends,
               array_agg(l.was_due) AS due, array_agg(l.payload) AS payloads, count(*) AS n INTO v_lanes
          FROM o365_programs.worker_lease(worker, low, n_lanes) AS l;
    END IF;
    -- (!) A new statement: worker_cards reads the lanes as they are by now.
    RETURN QUERY
    SELECT claim.fed, NULL::text, NULL::timestamptz, u.id, u.lease, u.version, u.dialect, u.ends, u.due, u.payload,
           c.subscription_id IS NOT NULL, c.position, c.card_id, c.card, c.ends_as, c.reason, c.extra,
           c.expires_ms
      FROM (SELECT) AS one
      LEFT JOIN unnest(v_lanes.ids, v_lanes.leases, v_lanes.versions, v_lanes.dialects, v_lanes.ends, v_lanes.due,
                       v_lanes.payloads) WITH ORDINALITY
                AS u (id, lease, version, dialect, ends, due, payload, n) ON true
      LEFT JOIN LATERAL (
            SELECT k.* FROM o365_programs.worker_cards(worker, v_lanes.ids, v_lanes.leases, n_cards, lane_bytes,
                                                       all_bytes) WITH ORDINALITY
                   AS k (subscription_id, lease_no, position, card_id, card, ends_as, reason, extra, expires_ms,
                       n)
             WHERE v_lanes.n BETWEEN 1 AND c_few AND k.subscription_id = u.id) AS c ON true
     ORDER BY u.n, c.n;
END $$;
COMMENT ON FUNCTION o365_internal.claim(integer, timestamptz, integer, integer, integer, integer) IS
    'What worker_claim does when something may have changed: worker_feed, worker_lease and, where few lanes were '
    'leased, worker_cards. Returns the rows of worker_claim. Where a cheap look finds that there is nothing to do, '
    'seen and quiet_until are set.';
