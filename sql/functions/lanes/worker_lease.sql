CREATE OR REPLACE FUNCTION o365_programs.worker_lease(worker integer, low timestamptz, n_lanes integer)
RETURNS TABLE (subscription_id bigint, lease_no bigint, secret_version integer, dialect text, lease_ms integer,
    was_due timestamptz, payload text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
    c_looks CONSTANT integer := 2000;         -- due lanes that a worker looks at which leaves some to others
    v_now timestamptz := clock_timestamp();   -- not now(): what the same transaction gave back before is due again
    v_lease_ms integer := o365_internal.integer_setting('lease_seconds') * 1000;
    v_ends timestamptz;
    v_leaves text[] := (SELECT w.leaves FROM o365_internal.worker AS w WHERE w.worker_id = worker_lease.worker);
    v_hosts integer[];
    v_most integer[];                         -- due lanes of each of them, and of each turn, that it may take
    v_lows timestamptz[];                     -- and from when on they were due
    v_until timestamptz;
    v_before bigint;
    v_from timestamptz;
    v_tids tid[];
    v_scanned_to timestamptz;
    v_leased integer;
BEGIN
    -- (!) While a restored database is handed over anew only lanes that have been, which are due since then.
    SELECT coalesce(a.lane, (-9223372036854775808)::bigint), a.at INTO v_before, v_from
      FROM o365_internal.feeding_again AS a ORDER BY a.n DESC LIMIT 1;
    low := greatest(low, v_from);
    -- Asked here, and not there: a call costs more than the look.
    IF EXISTS (SELECT FROM o365_internal.lane AS la WHERE la.why = 'schedule' AND la.not_before <= v_now) THEN
        PERFORM o365_internal.fold_due(v_before);
    END IF;
    IF EXISTS (SELECT FROM o365_internal.lane AS la WHERE la.quota_webhook = 0) THEN
        PERFORM o365_internal.join_webhooks();
    END IF;
    v_now := clock_timestamp();
    v_until := v_now;
    v_ends := v_now + make_interval(secs => v_lease_ms / 1000);
    SELECT c.ids, c.most, c.lows INTO v_hosts, v_most, v_lows
      FROM o365_internal.claimable_hosts(n_lanes, low, v_now) AS c;
    IF v_leaves IS NOT NULL THEN
        -- Those that are passed over are few at a time: another worker has them next.
        v_until := coalesce((SELECT d.next_at FROM unnest(v_hosts) AS h (id)
                              CROSS JOIN unnest(o365_internal.all_turns()) AS t (turn)
                              CROSS JOIN LATERAL (SELECT la.next_at FROM o365_internal.lane AS la
                                                   WHERE la.host_id = h.id AND la.turn = t.turn
                                                     AND la.next_at >= low AND la.next_at <= v_now
                                                   ORDER BY la.next_at LIMIT c_looks + 1) AS d
                              ORDER BY d.next_at OFFSET c_looks LIMIT 1), v_now);
    END IF;
    -- Of each turn of each far end the first ones: the first of all, then the second of all, and so on.
    -- What is locked beyond n_lanes is free at the commit. Where lanes are left behind, the next scan begins with them.
    WITH due AS MATERIALIZED (
        SELECT d.tid, d.next_at, d.place FROM unnest(v_hosts, v_most, v_lows) AS h (id, most, low)
         CROSS JOIN unnest(o365_internal.all_turns()) AS t (turn) CROSS JOIN LATERAL (
            SELECT f.tid, f.next_at, row_number() OVER () AS place FROM (
            SELECT la.ctid AS tid, la.next_at FROM o365_internal.lane AS la
             WHERE la.host_id = h.id AND la.turn = t.turn AND la.next_at >= h.low AND la.next_at <= v_until
               AND (v_before IS NULL OR la.subscription_id < v_before)
               AND NOT EXISTS (SELECT 1 FROM o365_internal.postponed AS p   -- (!)
                                WHERE p.subscription_id = la.subscription_id)
               AND (v_leaves IS NULL OR NOT EXISTS (SELECT 1 FROM o365_internal.subscription AS su
                                                     WHERE su.subscription_id = la.subscription_id
                                                       AND su.key_id = ANY (v_leaves)))
             ORDER BY la.next_at LIMIT h.most FOR UPDATE OF la SKIP LOCKED) AS f) AS d),
    ranked AS (SELECT d.tid, d.next_at, row_number() OVER (ORDER BY d.place, d.next_at) AS n FROM due AS d)
    SELECT array_agg(r.tid ORDER BY r.n) FILTER (WHERE r.n <= n_lanes),
           coalesce(min(r.next_at) FILTER (WHERE r.n > n_lanes), max(r.next_at)) INTO v_tids, v_scanned_to
      FROM ranked AS r;
    IF v_tids IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT l.subscription_id, l.lease_no, l.secret_version, l.dialect, v_lease_ms, v_scanned_to, l.payload
      FROM o365_internal.lease_lanes(worker, v_tids, NULL, v_now, v_ends) AS l;
    GET DIAGNOSTICS v_leased = ROW_COUNT;
    IF v_leased = n_lanes THEN
        PERFORM o365_internal.find_busy_connectors(v_hosts, low);
    END IF;
END $$;
COMMENT ON FUNCTION o365_programs.worker_lease(integer, timestamptz, integer) IS
    'Leases up to n_lanes due lanes to a worker; commit at once, then ask worker_cards for their cards. The answer is '
    'a few bytes a lane, so that a worker that stops reading holds neither a lock nor the round of arrivals. low '
    'bounds the scan: the latest was_due seen (what was due before is leased) less a second, and -infinity every few '
    'seconds. lease_ms: the lease ends so long after this call began. secret_version tells whether a cached webhook '
    'is old, payload whether a workflow takes the envelope or the bare card. A lane that is paused is due for its '
    'test cards alone, one that waits for its schedule for those and urgent ones. Lanes of a far end that is held are '
    'not looked at; of one that fails two at a time, as probes; of one that recovers few. The others are taken by '
    'turns of their far end and of lane.turn. A lane whose key this worker lacks is left to a living worker that has '
    'it. One whose quota is used up is not leased: it waits until its next POST is free. Before all that lanes whose '
    'webhook others have, too, come to share its limits (join_webhooks).';
