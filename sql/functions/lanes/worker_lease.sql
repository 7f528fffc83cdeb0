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
    v_ends timestamptz := v_now + make_interval(secs => v_lease_ms / 1000);
    v_leaves text[] := (SELECT w.leaves FROM o365_internal.worker AS w WHERE w.worker_id = worker_lease.worker);
    v_hosts integer[] := o365_internal.open_hosts();
    v_until timestamptz := v_now;
    v_before bigint;
    v_from timestamptz;
BEGIN
    -- (!) While a restored database is handed over anew only lanes that have been, which are due since then.
    SELECT coalesce(a.lane, (-9223372036854775808)::bigint), a.at INTO v_before, v_from
      FROM o365_internal.feeding_again AS a ORDER BY a.n DESC LIMIT 1;
    low := greatest(low, v_from);
    -- Asked here, and not there: a call costs more than the look.
    IF EXISTS (SELECT FROM o365_internal.lane AS la WHERE la.why = 'schedule' AND la.not_before <= v_now) THEN
        PERFORM o365_internal.fold_due(v_before);
        v_now := clock_timestamp();
        v_until := v_now;
    END IF;
    IF v_leaves IS NOT NULL THEN
        -- Those that are passed over are few at a time: another worker has them next.
        v_until := coalesce((SELECT d.next_at FROM unnest(v_hosts) AS h (id)
                              CROSS JOIN LATERAL (SELECT la.next_at FROM o365_internal.lane AS la
                                                   WHERE la.host_id = h.id AND la.next_at >= low AND la.next_at <= v_now
                                                   ORDER BY la.next_at LIMIT c_looks + 1) AS d
                              ORDER BY d.next_at OFFSET c_looks LIMIT 1), v_now);
    END IF;
    -- PL/pgSQL keeps the plan; a function in SQL is parsed and planned at every call, which costs more than the claim.
    RETURN QUERY
    WITH due AS MATERIALIZED (
        -- Of each far end the first ones, and of all those the first.
        -- What is locked beyond n_lanes is free at the commit.
        SELECT d.tid, d.next_at FROM unnest(v_hosts) AS h (id) CROSS JOIN LATERAL (
            SELECT la.ctid AS tid, la.next_at FROM o365_internal.lane AS la
             WHERE la.host_id = h.id AND la.next_at >= low AND la.next_at <= v_until
               AND (v_before IS NULL OR la.subscription_id < v_before)
               AND NOT EXISTS (SELECT 1 FROM o365_internal.postponed AS p   -- (!)
                                WHERE p.subscription_id = la.subscription_id)
               AND (v_leaves IS NULL OR NOT EXISTS (SELECT 1 FROM o365_internal.subscription AS su
                                                     WHERE su.subscription_id = la.subscription_id
                                                       AND su.key_id = ANY (v_leaves)))
             ORDER BY la.next_at LIMIT n_lanes FOR UPDATE OF la SKIP LOCKED) AS d
         ORDER BY d.next_at LIMIT n_lanes),
    leased AS (
        UPDATE o365_internal.lane AS la
           SET next_at = v_ends, lease_until = v_ends, claimed_at = v_now, worker = worker_lease.worker,
               lease_no = la.lease_no + 1, for_tests = la.why IS NOT DISTINCT FROM 'pause'
          FROM due WHERE la.ctid = due.tid
        RETURNING la.subscription_id, la.lease_no, due.next_at)
    SELECT l.subscription_id, l.lease_no, s.secret_version, s.dialect, v_lease_ms, l.next_at, s.payload
      FROM leased AS l
      LEFT JOIN LATERAL (SELECT su.secret_version, su.dialect, su.payload FROM o365_internal.subscription AS su
                          WHERE su.subscription_id = l.subscription_id LIMIT 1) AS s ON true;
END $$;
COMMENT ON FUNCTION o365_programs.worker_lease(integer, timestamptz, integer) IS
    'Leases up to n_lanes due lanes to a worker; commit at once, then ask worker_cards for their cards. The answer is '
    'a few bytes a lane, so that a worker that stops reading holds neither a lock nor the round of arrivals. low '
    'bounds the scan: the latest was_due seen less a second, and -infinity every few seconds. lease_ms: the lease ends '
    'so long after this call began. secret_version tells whether a cached webhook is old, payload whether a workflow '
    'takes the envelope or the bare card. A lane that is paused is due for its test cards alone. Lanes of a far end '
    'that is held are not looked at. A lane whose key this worker lacks is left to a living worker that has it.';
