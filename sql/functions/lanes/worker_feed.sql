CREATE OR REPLACE FUNCTION o365_programs.worker_feed() RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
    c_cards CONSTANT integer := 5000;      -- that a round looks at, of what is new and of each transaction that was in
                                           -- progress
    c_lanes CONSTANT integer := 1000;      -- that a round hands the cards of a bulk transaction to
    c_due CONSTANT integer := 500;         -- due lanes, from which on bulk transactions wait
    c_again CONSTANT bigint := -9223372036854775808;   -- in postponed: the whole lane anew, which feed_on does
    v_started timestamptz := clock_timestamp();
    v_before pg_snapshot;
    v_cluster bigint;
    v_fed_at timestamptz;
    v_now pg_snapshot;       -- what this round sees
    v_bulk xid8[];           -- transactions with more than c_cards cards
    v_until bigint;          -- the round ends before this transaction id
    v_arrived bigint[];
    v_first bigint[];
    v_handing xid8;
    v_upto bigint;
    v_lanes bigint[];
    v_lanes_first bigint[];
    v_early bigint[];
    v_early_first bigint[];
    v_pivot bigint := (-9223372036854775808)::bigint;
    v_free bigint[];
    v_free_first bigint[];
    v_turns smallint[];
    v_locked bigint[];
    v_locked_first bigint[];
    v_touched integer := 0;
    v_moved integer;         -- cards whose time has come: the next round hands them over
    v_more boolean := false;
BEGIN
    -- One worker feeds at a time; the others go on with what is due.
    BEGIN
        LOCK TABLE o365_internal.turn_to_feed IN SHARE ROW EXCLUSIVE MODE NOWAIT;
    EXCEPTION WHEN lock_not_available THEN
        RETURN -1;
    END;
    -- o365.this_is has wished it, or a heartbeat that found the lock taken.
    IF EXISTS (SELECT FROM o365_internal.feeding_again AS a WHERE a.lane IS NULL) THEN
        IF o365_internal.is_restored() OR EXISTS (SELECT FROM o365_internal.feeding_again AS a WHERE a.always) THEN
            PERFORM o365_internal.feed_again();
        ELSE
            DELETE FROM o365_internal.feeding_again AS a WHERE a.lane IS NULL AND NOT a.always;
        END IF;
    END IF;
    SELECT f.snap, f.cluster, f.at INTO v_before, v_cluster, v_fed_at
      FROM o365_internal.fed AS f ORDER BY f.n DESC LIMIT 1;
    -- Before arrivals are looked for: what this transaction inserts may be in the snapshot that finds them.
    v_moved := o365_internal.move_scheduled(v_fed_at);
    -- Cards that are visible now and were not at the last round: those of ids past its end, and those of transactions
    -- that were in progress then and have ended. The snapshot is that of this very statement: later ones see more, and
    -- take of it only what is visible in this one.
    WITH card AS MATERIALIZED (
        (SELECT o.xid, o.subscription_id AS s, o.position AS p, true AS new
           FROM o365_internal.outbox AS o WHERE o.xid >= pg_snapshot_xmax(v_before)
            -- (!) Of a restored database's cards, which feed_on hands over, the ids are another history's and may be
            -- ahead of this one.
            AND o.xid < pg_snapshot_xmax(pg_current_snapshot()) AND pg_visible_in_snapshot(o.xid, pg_current_snapshot())
          ORDER BY o.xid LIMIT c_cards + 1)
        UNION ALL
        -- (!) Lateral: a join flips. Those that are still in progress are not looked at:
        -- every round would read all their cards.
        SELECT x.xid, o.s, o.p, false FROM pg_snapshot_xip(v_before) AS x (xid)
         CROSS JOIN LATERAL (SELECT o.subscription_id AS s, o.position AS p FROM o365_internal.outbox AS o
                              WHERE o.xid = x.xid LIMIT c_cards + 1) AS o
         WHERE pg_visible_in_snapshot(x.xid, pg_current_snapshot())
           AND NOT EXISTS (SELECT 1 FROM o365_internal.handing AS h WHERE h.xid = x.xid)),
    new AS MATERIALIZED (SELECT count(*) AS n FROM card AS c WHERE c.new),
    -- Of the new transactions only whole ones are taken: the last one may go on past what was looked at.
    until AS MATERIALIZED (
        SELECT l.xid, l.xid = (SELECT c.xid FROM card AS c WHERE c.new ORDER BY c.xid LIMIT 1) AS is_bulk
          FROM new AS n LEFT JOIN LATERAL (SELECT c.xid FROM card AS c
                                            WHERE c.new AND n.n > c_cards ORDER BY c.xid DESC LIMIT 1) AS l ON true),
    bulk AS MATERIALIZED (
        SELECT c.xid FROM card AS c WHERE NOT c.new GROUP BY c.xid HAVING count(*) > c_cards
        UNION ALL
        SELECT u.xid FROM until AS u WHERE u.is_bulk),
    lane AS MATERIALIZED (
        SELECT c.s, min(c.p) AS first FROM card AS c
         WHERE (NOT c.new OR c.xid < (SELECT u.xid FROM until AS u)) IS NOT FALSE
           AND c.xid <> ALL (ARRAY(SELECT b.xid FROM bulk AS b))
         GROUP BY c.s)
    SELECT (SELECT array_agg(l.s ORDER BY l.s) FROM lane AS l), (SELECT array_agg(l.first ORDER BY l.s) FROM lane AS l),
           ARRAY(SELECT b.xid FROM bulk AS b), u.xid::text::bigint + u.is_bulk::integer, pg_current_snapshot()
      INTO v_arrived, v_first, v_bulk, v_until, v_now FROM until AS u;
    IF v_bulk <> '{}' THEN
        INSERT INTO o365_internal.handing (xid, upto) SELECT b, v_pivot FROM unnest(v_bulk) AS b;
    END IF;
    -- The lanes of a bulk transaction get its cards by and by, and no more of them than can leave:
    -- other cards would wait behind all of them.
    SELECT h.xid, h.upto INTO v_handing, v_upto FROM o365_internal.handing AS h
     WHERE h.xid > '0'::xid8 ORDER BY random() LIMIT 1;
    IF v_handing IS NOT NULL THEN
        v_more := true;
        -- A lane whose turn has not come, but for which there is something newer, gets them now:
        -- what was sent first leaves first.
        WITH early AS MATERIALIZED (
            SELECT h.xid, o.s, o.p FROM unnest(v_arrived) AS a (s) JOIN o365_internal.handing AS h ON h.xid > '0'::xid8
             CROSS JOIN LATERAL (SELECT o.subscription_id AS s, o.position AS p FROM o365_internal.outbox AS o
                                  WHERE (o.xid, o.subscription_id) >= (h.xid, a.s) AND o.xid <= h.xid
                                  ORDER BY o.xid, o.subscription_id, o.position LIMIT 1) AS o
             WHERE h.upto < a.s AND o.s = a.s),
        noted AS (INSERT INTO o365_internal.handed_early (xid, subscription_id) SELECT e.xid, e.s FROM early AS e
                  ON CONFLICT DO NOTHING)
        SELECT array_agg(e.s), array_agg(e.p) INTO v_early, v_early_first FROM early AS e;
        IF (SELECT count(*) FROM (SELECT 1 FROM unnest(o365_internal.open_hosts()) AS h (id)
                                      CROSS JOIN unnest(o365_internal.all_turns()) AS t (turn) CROSS JOIN LATERAL (
                                      SELECT 1 FROM o365_internal.lane AS l
                                       WHERE l.host_id = h.id AND l.turn = t.turn
                                         AND l.next_at > v_started - interval '1 minute'
                                         AND l.next_at <= v_started
                                       ORDER BY l.next_at DESC LIMIT c_due) AS d LIMIT c_due) AS due) < c_due THEN
            -- (!) By (xid, subscription_id): a look-up by subscription_id would walk the cards of everybody else.
            WITH RECURSIVE lane AS (
                (SELECT o.xid, o.subscription_id AS s, o.position AS p FROM o365_internal.outbox AS o
                  WHERE (o.xid, o.subscription_id) > (v_handing, v_upto) AND o.xid <= v_handing
                  ORDER BY o.xid, o.subscription_id, o.position LIMIT 1)
                UNION ALL
                SELECT n.xid, n.s, n.p FROM lane AS l CROSS JOIN LATERAL (
                    SELECT o.xid, o.subscription_id AS s, o.position AS p FROM o365_internal.outbox AS o
                     WHERE (o.xid, o.subscription_id) > (v_handing, l.s) AND o.xid <= v_handing
                     ORDER BY o.xid, o.subscription_id, o.position LIMIT 1) AS n)
            SELECT array_agg(l.s), array_agg(l.p), max(l.s) INTO v_lanes, v_lanes_first, v_upto
              FROM (SELECT l.s, l.p FROM lane AS l LIMIT c_lanes) AS l;
            IF coalesce(cardinality(v_lanes), 0) < c_lanes THEN
                DELETE FROM o365_internal.handing AS h WHERE h.xid = v_handing;
                DELETE FROM o365_internal.handed_early AS e WHERE e.xid = v_handing;
            ELSE
                UPDATE o365_internal.handing AS h SET upto = v_upto WHERE h.xid = v_handing;
            END IF;
        END IF;
    END IF;
    -- What is fed from now on: all that this round saw, but for what it left out. Once a second also without any card,
    -- and after a round that took long: so that what is in progress becomes known as such, and is not looked at as new.
    IF v_arrived IS NOT NULL OR v_until IS NOT NULL OR v_bulk <> '{}' OR v_lanes IS NOT NULL OR v_more
       OR (v_fed_at < v_started - interval '1 second' OR clock_timestamp() > v_started + interval '5 ms')
          AND pg_snapshot_xmax(v_now) > pg_snapshot_xmax(v_before) THEN
        IF v_until IS NOT NULL OR v_more THEN
            v_now := o365_internal.snapshot_until(coalesce(v_until, pg_snapshot_xmax(v_now)::text::bigint),
                ARRAY(SELECT pg_snapshot_xip(v_now) UNION ALL SELECT h.xid FROM o365_internal.handing AS h));
        END IF;
        INSERT INTO o365_internal.fed (snap, cluster) VALUES (v_now, v_cluster);
    END IF;
    -- Lanes that were locked. Of very many a part of them, anywhere.
    IF (SELECT count(*) FROM (SELECT 1 FROM o365_internal.postponed AS p
                               WHERE p.first > c_again LIMIT c_lanes + 1) AS p) > c_lanes THEN
        SELECT b.low + trunc(random() * (b.high - b.low))::bigint INTO v_pivot
          FROM (SELECT (SELECT p.subscription_id
                          FROM o365_internal.postponed AS p ORDER BY p.subscription_id LIMIT 1) AS low,
                       (SELECT p.subscription_id
                          FROM o365_internal.postponed AS p ORDER BY p.subscription_id DESC LIMIT 1) AS high) AS b;
    END IF;
    -- Lanes are locked and only then read, in a new statement, so that cursor and next_at are final. A lane that
    -- somebody else has locked, an operator's open transaction for one, is left out and waited for by nobody.
    SELECT array_agg(a.s) FILTER (WHERE l.locked), array_agg(a.first) FILTER (WHERE l.locked),
           array_agg(a.s) FILTER (WHERE l.locked IS NULL), array_agg(a.first) FILTER (WHERE l.locked IS NULL)
      INTO v_free, v_free_first, v_locked, v_locked_first
      FROM (SELECT u.s, min(u.first) AS first FROM (
                SELECT x.s, x.first FROM unnest(v_arrived, v_first) AS x (s, first)
                UNION ALL SELECT x.s, x.first FROM unnest(v_lanes, v_lanes_first) AS x (s, first)
                UNION ALL SELECT x.s, x.first FROM unnest(v_early, v_early_first) AS x (s, first)
                UNION ALL (SELECT p.subscription_id, p.first FROM o365_internal.postponed AS p
                            WHERE p.subscription_id >= v_pivot AND p.first > c_again
                            ORDER BY p.subscription_id LIMIT c_lanes)) AS u
            GROUP BY u.s) AS a
      LEFT JOIN LATERAL (SELECT true AS locked FROM o365_internal.lane AS l WHERE l.subscription_id = a.s
                          ORDER BY l.lease_no DESC LIMIT 1 FOR UPDATE SKIP LOCKED) AS l ON true;
    IF v_locked IS NOT NULL THEN
        -- (!) Its cards are set aside, and no worker claims it before they are handed over,
        -- or later cards of the same transaction would pass them.
        INSERT INTO o365_internal.postponed AS p (subscription_id, first)
            SELECT a.s, a.first FROM unnest(v_locked, v_locked_first) AS a(s, first)
             WHERE EXISTS (SELECT 1 FROM o365_internal.lane AS l WHERE l.subscription_id = a.s)
            ON CONFLICT ON CONSTRAINT postponed_pkey DO UPDATE SET first = excluded.first
             WHERE excluded.first < p.first;
    END IF;
    IF v_free IS NOT NULL THEN
        v_turns := o365_internal.turns(v_free, v_free_first);
        WITH touched AS MATERIALIZED (
            SELECT a.s, a.first, l.tid, l.cursor, l.late, coalesce(a.turn, 0::smallint) AS turn
              FROM unnest(v_free, v_free_first, v_turns) AS a(s, first, turn)
            CROSS JOIN LATERAL (SELECT la.ctid AS tid, la.cursor, la.late, la.next_at, la.not_before
                                  FROM o365_internal.lane AS la
                                 WHERE la.subscription_id = a.s ORDER BY la.lease_no DESC LIMIT 1) AS l
            WHERE (l.next_at IS NULL AND l.not_before IS DISTINCT FROM 'infinity') OR a.first <= l.cursor
                  OR a.first < 0),   -- an urgent card
        with_late AS MATERIALIZED (
            -- What is fed and stands at or before the cursor is late, however it came there:
            -- what has ended is not there any more.
            SELECT t.tid, t.first, t.turn, CASE WHEN t.first > t.cursor THEN coalesce(t.late, '{}') ELSE ARRAY(
                SELECT v FROM unnest(t.late) AS v
                UNION
                (SELECT o.position FROM o365_internal.outbox AS o
                  WHERE o.subscription_id = t.s AND o.position >= t.first AND o.position <= t.cursor
                    AND (pg_visible_in_snapshot(o.xid, v_now)
                         OR o.xid = ANY ((SELECT CASE WHEN v_more THEN o365_internal.handed_over(t.s) END)::xid8[]))
                  ORDER BY o.position LIMIT 101)
                ORDER BY 1) END AS lt
            FROM touched AS t)
        -- More than a hundred late ones are not written down: the cursor goes back to before the first of them. What
        -- ended after it is gone, so that claims pass over it.
        UPDATE o365_internal.lane AS la
           SET next_at = CASE WHEN la.why = 'schedule' AND w.first < 0 THEN o365_internal.urgent_at(la)
                              ELSE coalesce(la.next_at, nullif(greatest(now(), la.not_before), 'infinity')) END,
               turn = CASE WHEN la.next_at IS NULL THEN w.turn ELSE la.turn END,
               late = CASE WHEN cardinality(w.lt) <= 100 THEN nullif(w.lt, '{}') END,
               cursor = CASE WHEN cardinality(w.lt) > 100 THEN w.lt[1] - 1 ELSE la.cursor END
          FROM with_late AS w WHERE la.ctid = w.tid;
        GET DIAGNOSTICS v_touched = ROW_COUNT;
        DELETE FROM o365_internal.postponed AS p WHERE p.subscription_id = ANY (v_free) AND p.first > c_again;
        PERFORM o365_internal.await_runs(v_free);
    END IF;
    IF EXISTS (SELECT FROM o365_internal.feeding_again)
       OR EXISTS (SELECT FROM o365_internal.postponed AS p WHERE p.first = c_again) THEN
        v_more := o365_internal.feed_on() OR v_more;
    END IF;
    IF v_fed_at > v_started + interval '10 seconds' THEN
        -- Until that has come to all of them the time of the last round stays what it was.
        UPDATE o365_internal.fed AS f
           SET at = CASE WHEN o365_internal.clock_put_back(v_fed_at) THEN clock_timestamp() ELSE v_fed_at END
         WHERE f.n = (SELECT g.n FROM o365_internal.fed AS g ORDER BY g.n DESC LIMIT 1);
        v_touched := greatest(v_touched, 1);
    END IF;
    RETURN CASE WHEN v_until IS NOT NULL OR v_more OR v_moved > 0 THEN greatest(v_touched, 1) ELSE v_touched END;
END $$;
COMMENT ON FUNCTION o365_programs.worker_feed() IS
    'Hands cards that were committed since the last call to their lanes and wakes those; returns how many lanes it '
    'touched, at least 1 when there are more than one call takes: call it again at once. -1 when another worker is '
    'doing it. Never waits for a sender, nor for whoever has locked a lane, and never misses a late commit.';
