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
    -- PL/pgSQL keeps the plan; a function in SQL is parsed and planned at every call, which costs more than the claim.
    RETURN QUERY
    WITH due AS MATERIALIZED (
        -- Of each turn of each far end the first ones: the first of all, then the second of all, and so on.
        -- What is locked beyond n_lanes is free at the commit.
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
    taken AS MATERIALIZED (SELECT d.tid FROM due AS d ORDER BY d.place, d.next_at LIMIT n_lanes),
    granted AS MATERIALIZED (
        -- Mostly the lane knows that enough POSTs are free.
        SELECT taken.tid, s.secret_version, s.dialect, s.payload, (q.l).version,
               CASE WHEN k.known THEN least(o365_internal.cards_a_lease(), la.quota_clear - la.posts)
                    ELSE (g.g).granted END AS granted,
               CASE WHEN k.known THEN la.quota_past ELSE (g.g).past END AS past,
               CASE WHEN k.known THEN la.quota_clear ELSE (g.g).clear END AS clear,
               (g.g).lost, (g.g).free_at, (g.g).late_window,
               CASE WHEN k.known THEN la.quota_leaves ELSE (g.g).leaves END AS leaves
          FROM taken JOIN o365_internal.lane AS la ON la.ctid = taken.tid
          LEFT JOIN LATERAL (SELECT su.secret_version, su.dialect, su.payload, su.status
                               FROM o365_internal.subscription AS su
                              WHERE su.subscription_id = la.subscription_id LIMIT 1) AS s ON true
         -- What is cancelled needs no POST. Each dialect's limits are read once, where a lane of it is there.
         CROSS JOIN LATERAL (
            SELECT CASE WHEN s.status IN ('removed', 'gone', 'retired') THEN NULL
                        WHEN s.dialect = 'workflow' THEN (SELECT o365_internal.quota_limits_of('workflow'))
                        ELSE (SELECT o365_internal.quota_limits_of('connector')) END AS l OFFSET 0) AS q
         CROSS JOIN LATERAL (SELECT coalesce(la.quota_clear - la.posts >= 1 AND la.quota_version = (q.l).version
                                             AND la.worker IS NULL AND NOT la.quota_off, false) AS known OFFSET 0) AS k
         CROSS JOIN LATERAL (SELECT CASE WHEN NOT k.known THEN
                    o365_internal.quota_grant(la, (q.l).seconds, (q.l).posts, v_now, v_ends) END AS g OFFSET 0) AS g),
    waiting AS (
        -- A pause and a longer wait stay what they are; test cards wait for the quota, too.
        UPDATE o365_internal.lane AS la
           SET next_at = g.free_at, quota_past = g.past, quota_leaves = g.leaves, quota_clear = NULL,
               quota_window = g.late_window,
               not_before = CASE WHEN la.why <> 'quota' AND la.not_before > g.free_at THEN la.not_before
                                 ELSE g.free_at END,
               why = CASE WHEN la.why <> 'quota' AND la.not_before > g.free_at THEN la.why ELSE 'quota' END
          FROM granted AS g WHERE la.ctid = g.tid AND g.granted = 0 AND g.free_at IS NOT NULL),
    leased AS (
        UPDATE o365_internal.lane AS la
           SET next_at = v_ends, lease_until = v_ends, claimed_at = v_now, worker = worker_lease.worker,
               lease_no = la.lease_no + 1,
               lease_below = CASE WHEN la.why = 'pause' THEN o365_internal.tests_below()
                                  WHEN la.why = 'schedule' AND la.not_before > v_now THEN 0 END,
               granted = g.granted, quota_past = g.past, quota_leaves = g.leaves, quota_clear = g.clear,
               quota_version = g.version, lost = g.lost,
               quota_halved = CASE WHEN la.quota_halved_at < v_now - interval '5 hours' THEN 0 ELSE la.quota_halved END,
               not_before = CASE WHEN la.why = 'quota' THEN NULL ELSE la.not_before END, why = nullif(la.why, 'quota')
          FROM granted AS g WHERE la.ctid = g.tid AND g.granted IS DISTINCT FROM 0
        RETURNING la.subscription_id, la.lease_no, g.secret_version, g.dialect, g.payload)
    SELECT l.subscription_id, l.lease_no, l.secret_version, l.dialect, v_lease_ms, r.scanned_to, l.payload
      FROM leased AS l
     -- Where lanes are left behind, the next scan begins with them.
     CROSS JOIN (SELECT coalesce(min(d.next_at) FILTER (WHERE d.tid <> ALL (ARRAY(SELECT k.tid FROM taken AS k))),
                                 max(d.next_at)) AS scanned_to FROM due AS d) AS r;
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
