-- (!) What it does to a lane is what worker_feed and worker_lease would do to it, one after the other. Where it is not
-- sure of that it does nothing.
CREATE OR REPLACE FUNCTION o365_internal.lease_few(worker integer, hosts integer[], few integer, n_lanes integer)
RETURNS TABLE (subscription_id bigint, lease_no bigint, secret_version integer, dialect text, lease_ms integer,
    was_due timestamptz, payload text)
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
    v_now timestamptz := clock_timestamp();
    v_lease_ms integer;
    v_ends timestamptz;
    v_before pg_snapshot;
    v_cluster bigint;
    v_arrived bigint[];
    v_first bigint[];
    v_seen pg_snapshot;
BEGIN
    BEGIN
        LOCK TABLE o365_internal.turn_to_feed IN SHARE ROW EXCLUSIVE MODE NOWAIT;
    EXCEPTION WHEN lock_not_available THEN
        RETURN;
    END;
    SELECT f.snap, f.cluster INTO v_before, v_cluster FROM o365_internal.fed AS f ORDER BY f.n DESC LIMIT 1;
    -- As in worker_feed: the snapshot is that of this very statement.
    SELECT array_agg(c.s), array_agg(c.p), pg_current_snapshot() INTO v_arrived, v_first, v_seen FROM (
        (SELECT o.subscription_id AS s, o.position AS p FROM o365_internal.outbox AS o
          WHERE o.xid >= pg_snapshot_xmax(v_before) AND o.xid < pg_snapshot_xmax(pg_current_snapshot())
            AND pg_visible_in_snapshot(o.xid, pg_current_snapshot())
          ORDER BY o.xid LIMIT few + 1)
        UNION ALL
        (SELECT o.s, o.p FROM pg_snapshot_xip(v_before) AS x (xid)
          CROSS JOIN LATERAL (SELECT o.subscription_id AS s, o.position AS p FROM o365_internal.outbox AS o
                               WHERE o.xid = x.xid LIMIT few + 1) AS o
          WHERE pg_visible_in_snapshot(x.xid, pg_current_snapshot()) LIMIT few + 1)) AS c;
    IF v_arrived IS NULL OR EXISTS (SELECT FROM o365_internal.handing)
       OR EXISTS (SELECT FROM o365_internal.postponed) OR EXISTS (SELECT FROM o365_internal.feeding_again)
       OR EXISTS (SELECT FROM o365_internal.busy_connector AS b WHERE b.until > v_now AND b.connector_id > 0)
       OR EXISTS (SELECT FROM o365_internal.worker AS w
                   WHERE w.worker_id = lease_few.worker AND w.leaves IS NOT NULL) THEN
        RETURN;
    END IF;
    IF cardinality(v_arrived) > few THEN
        RETURN QUERY SELECT l.* FROM o365_internal.lease_arrived(worker, hosts, n_lanes) AS l;
        RETURN;
    END IF;
    -- Locked, and only then read, in a new statement. All of them: no transaction's cards come apart.
    IF EXISTS (SELECT FROM unnest(v_arrived) AS u (s)
                 LEFT JOIN LATERAL (SELECT true AS locked FROM o365_internal.lane AS la WHERE la.subscription_id = u.s
                                     LIMIT 1 FOR UPDATE SKIP LOCKED) AS l ON true
                WHERE l.locked IS NULL) THEN
        RETURN;
    END IF;
    v_lease_ms := o365_internal.integer_setting('lease_seconds') * 1000;
    v_ends := v_now + make_interval(secs => v_lease_ms / 1000);
    RETURN QUERY
    WITH arrived AS MATERIALIZED (
        SELECT la.ctid AS tid, s.secret_version, s.dialect, s.payload, (q.l).version,
               CASE WHEN k.known THEN least(o365_internal.cards_a_lease(), la.quota_clear - la.posts) END AS granted,
               CASE WHEN k.known THEN la.quota_clear END AS clear,
               (la.next_at IS NULL AND la.not_before IS NULL AND la.worker IS NULL AND la.late IS NULL
                AND la.run IS NULL AND u.first > la.cursor AND u.first >= 0 AND la.host_id = ANY (hosts)
                AND la.quota_group IS NULL AND la.quota_webhook IS NULL
                AND s.status NOT IN ('removed', 'gone', 'retired')
                AND (k.known OR la.quota_off OR (q.l).posts IS NULL)) IS TRUE AS idle
          FROM (SELECT x.s, min(x.p) AS first FROM unnest(v_arrived, v_first) AS x (s, p) GROUP BY x.s) AS u
         CROSS JOIN LATERAL (SELECT x.ctid, x.* FROM o365_internal.lane AS x
                              WHERE x.subscription_id = u.s LIMIT 1) AS la
          LEFT JOIN LATERAL (SELECT su.secret_version, su.dialect, su.payload, su.status
                               FROM o365_internal.subscription AS su
                              WHERE su.subscription_id = u.s LIMIT 1) AS s ON true
         CROSS JOIN LATERAL (SELECT o365_internal.quota_limits_of(s.dialect) AS l OFFSET 0) AS q
         CROSS JOIN LATERAL (SELECT (la.quota_clear > la.posts AND la.quota_version = (q.l).version
                                     AND NOT la.quota_off) IS TRUE AS known OFFSET 0) AS k),
    leased AS (
        UPDATE o365_internal.lane AS la
           SET next_at = v_ends, lease_until = v_ends, claimed_at = v_now, worker = lease_few.worker,
               lease_no = la.lease_no + 1, lease_below = NULL, turn = 0, granted = a.granted, quota_clear = a.clear,
               quota_version = a.version, lost = NULL,
               quota_halved = CASE WHEN la.quota_halved_at < v_now - interval '5 hours' THEN 0 ELSE la.quota_halved END
          FROM arrived AS a WHERE la.ctid = a.tid AND (SELECT bool_and(b.idle) FROM arrived AS b)
        RETURNING la.subscription_id, la.lease_no, a.secret_version, a.dialect, a.payload)
    SELECT l.subscription_id, l.lease_no, l.secret_version, l.dialect, v_lease_ms, v_now, l.payload FROM leased AS l;
    IF FOUND THEN
        INSERT INTO o365_internal.fed (snap, cluster) VALUES (v_seen, v_cluster);
    END IF;
END $$;
COMMENT ON FUNCTION o365_internal.lease_few(integer, integer[], integer, integer) IS
    'Leases the lanes of up to so many cards that have come since the last round of arrivals, at once and all of them: '
    'the short way of worker_claim for a few cards, whose lanes are idle and know that enough POSTs are free. hosts: '
    'open_hosts. The caller has seen that nothing is due. Rows as worker_lease has them. No row, and nothing changed: '
    'worker_feed and worker_lease have to do it. Where more cards have come: lease_arrived, for n_lanes of them.';
