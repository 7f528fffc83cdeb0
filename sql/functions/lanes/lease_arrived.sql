CREATE OR REPLACE FUNCTION o365_internal.lease_arrived(worker integer, hosts integer[], n_lanes integer)
RETURNS TABLE (subscription_id bigint, lease_no bigint, secret_version integer, dialect text, lease_ms integer,
    was_due timestamptz, payload text)
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
    c_cards CONSTANT integer := 5000;             -- that it looks at, of those that it would leave behind
    c_behind CONSTANT interval := '5 seconds';    -- for which it leaves some behind, until a round takes all
    v_now timestamptz := clock_timestamp();
    v_lease_ms integer;
    v_ends timestamptz;
    v_before pg_snapshot;
    v_cluster bigint;
    v_behind_since timestamptz;
    v_looked pg_snapshot;    -- what is left behind and visible in it is of one connector and one far end
    v_alike boolean;
    v_lanes bigint[];
    v_first bigint[];
    v_last bigint[];
    v_until bigint;          -- the round ends before this transaction id, where cards are left behind
    v_seen pg_snapshot;
    v_tids tid[];
    v_locked boolean := false;
BEGIN
    SELECT f.snap, f.cluster, f.behind_since, f.looked INTO v_before, v_cluster, v_behind_since, v_looked
      FROM o365_internal.fed AS f ORDER BY f.n DESC LIMIT 1;
    IF v_behind_since NOT BETWEEN v_now - c_behind AND v_now
       OR EXISTS (SELECT FROM o365_internal.lane AS la WHERE la.quota_webhook = 0) THEN
        RETURN;
    END IF;
    -- As in worker_feed: the snapshot is that of this very statement, and of the new transactions only whole ones are
    -- taken. Where the first one, or those that were in progress, have more cards than lanes are wanted, none is.
    WITH card AS MATERIALIZED (
        (SELECT o.xid, o.subscription_id AS s, o.position AS p, true AS new FROM o365_internal.outbox AS o
          WHERE o.xid >= pg_snapshot_xmax(v_before) AND o.xid < pg_snapshot_xmax(pg_current_snapshot())
            AND pg_visible_in_snapshot(o.xid, pg_current_snapshot())
          ORDER BY o.xid LIMIT n_lanes + 1)
        UNION ALL
        (SELECT x.xid, o.s, o.p, false FROM pg_snapshot_xip(v_before) AS x (xid)
          CROSS JOIN LATERAL (SELECT o.subscription_id AS s, o.position AS p FROM o365_internal.outbox AS o
                               WHERE o.xid = x.xid LIMIT n_lanes + 1) AS o
          WHERE pg_visible_in_snapshot(x.xid, pg_current_snapshot()) LIMIT n_lanes + 1)),
    until AS MATERIALIZED (SELECT (array_agg(c.xid ORDER BY c.xid DESC))[1] AS xid FROM card AS c
                            WHERE c.new HAVING count(*) > n_lanes),
    lane AS MATERIALIZED (
        SELECT c.s, min(c.p) AS first, max(c.p) AS last, count(*) AS n FROM card AS c
         WHERE (NOT c.new OR c.xid < (SELECT u.xid FROM until AS u)) IS NOT FALSE GROUP BY c.s)
    SELECT array_agg(l.s ORDER BY l.s), array_agg(l.first ORDER BY l.s), array_agg(l.last ORDER BY l.s),
           (SELECT u.xid FROM until AS u)::text::bigint, pg_current_snapshot()
      INTO v_lanes, v_first, v_last, v_until, v_seen FROM lane AS l HAVING sum(l.n) <= n_lanes;
    IF v_lanes IS NULL THEN
        RETURN;
    END IF;
    LOOP
        -- Lanes that do nothing, and of which no card is left behind: others of a lane would need a lease of their own.
        -- Once before any is locked, which is written to the WAL, and again when all are.
        SELECT array_agg(la.tid ORDER BY u.s) INTO v_tids
          FROM unnest(v_lanes, v_first, v_last) AS u (s, first, last)
          LEFT JOIN LATERAL (SELECT x.ctid AS tid, x.cursor FROM o365_internal.lane AS x
                              WHERE x.subscription_id = u.s AND x.next_at IS NULL AND x.not_before IS NULL
                                AND x.worker IS NULL AND x.late IS NULL AND x.run IS NULL
                                AND x.cursor < u.first AND x.host_id = ANY (hosts) LIMIT 1) AS la
                 ON u.first >= 0
                AND (v_until IS NULL OR NOT EXISTS (SELECT FROM o365_internal.outbox AS o
                                                     WHERE o.subscription_id = u.s AND o.position > u.last));
        IF array_position(v_tids, NULL) IS NOT NULL THEN
            RETURN;
        END IF;
        EXIT WHEN v_locked;
        IF v_until IS NOT NULL THEN
            -- Lanes of one connector and one far end would be taken in this order, too; others have turns of their own,
            -- and wait behind nothing. Looked at are all cards that no look saw before, and one that is taken.
            v_looked := coalesce(v_looked, v_before);
            WITH card AS MATERIALIZED (
                SELECT v_lanes[1] AS s
                UNION ALL
                (SELECT o.subscription_id FROM o365_internal.outbox AS o
                  WHERE o.xid >= pg_snapshot_xmax(v_looked) AND o.xid < pg_snapshot_xmax(pg_current_snapshot())
                    AND pg_visible_in_snapshot(o.xid, pg_current_snapshot())
                  ORDER BY o.xid LIMIT c_cards)
                UNION ALL
                (SELECT o.s FROM pg_snapshot_xip(v_looked) AS x (xid)
                  CROSS JOIN LATERAL (SELECT o.subscription_id AS s FROM o365_internal.outbox AS o
                                       WHERE o.xid = x.xid LIMIT c_cards) AS o
                  WHERE pg_visible_in_snapshot(x.xid, pg_current_snapshot()) LIMIT c_cards))
            SELECT count(*) < c_cards AND count(DISTINCT (la.connector_id, la.host_id)) = 1, pg_current_snapshot()
              INTO v_alike, v_looked
              FROM card AS c CROSS JOIN LATERAL (SELECT x.connector_id, x.host_id FROM o365_internal.lane AS x
                                                  WHERE x.subscription_id = c.s LIMIT 1) AS la;
            IF NOT v_alike THEN
                RETURN;
            END IF;
        END IF;
        IF EXISTS (SELECT FROM unnest(v_lanes) AS u (s)
                     LEFT JOIN LATERAL (SELECT true AS locked FROM o365_internal.lane AS la
                                         WHERE la.subscription_id = u.s LIMIT 1 FOR UPDATE SKIP LOCKED) AS l ON true
                    WHERE l.locked IS NULL) THEN
            RETURN;
        END IF;
        v_locked := true;
    END LOOP;
    INSERT INTO o365_internal.fed (snap, cluster, behind_since, looked)
        VALUES (CASE WHEN v_until IS NULL THEN v_seen
                     ELSE o365_internal.snapshot_until(v_until, ARRAY(SELECT pg_snapshot_xip(v_seen))) END, v_cluster,
                CASE WHEN v_until IS NOT NULL THEN coalesce(v_behind_since, v_now) END,
                CASE WHEN v_until IS NOT NULL THEN v_looked END);
    v_lease_ms := o365_internal.integer_setting('lease_seconds') * 1000;
    v_ends := v_now + make_interval(secs => v_lease_ms / 1000);
    RETURN QUERY
    SELECT l.subscription_id, l.lease_no, l.secret_version, l.dialect, v_lease_ms, v_now, l.payload
      FROM o365_internal.lease_lanes(worker, v_tids, coalesce(o365_internal.turns(v_lanes, v_first),
                                         array_fill(0::smallint, ARRAY[cardinality(v_lanes)])), v_now, v_ends) AS l;
END $$;
COMMENT ON FUNCTION o365_internal.lease_arrived(integer, integer[], integer) IS
    'The short way of worker_claim for idle lanes: hands up to so many cards that have come since the last round of '
    'arrivals to their lanes and leases these lanes at once, so that each lane is written once in place of twice. '
    'Leaves later cards to the next claims while all of them are of one connector and one far end, for five seconds at '
    'most. hosts: as open_hosts gives them. For lease_few alone, which holds the turn to feed and has seen that '
    'nothing else is to do. Returns rows as worker_lease does; no row: nothing was done, and worker_feed and '
    'worker_lease have to do it, or all lanes wait for their quota.';
