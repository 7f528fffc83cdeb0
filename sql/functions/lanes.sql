-- The delivery core: arrivals, claim, report. docs/delivery.md explains it; lines marked (!) are there because without them its attack
-- (tests/sql/attack) finds lost, doubled or reordered cards. Every statement is planned the same way whatever the statistics say: no
-- sequential scans, joins only as lateral look-ups by key or by ctid, generic plans.
--
-- What holds between the calls:
-- * A card is *fed* when its transaction is visible in the last fed.snap, or its lane was handed the cards of its bulk
--   transaction (handed_over).
-- * Every fed card of a lane that has not ended stands past the lane's cursor, or in its list `late`; a lane with one is due, leased or held.
--   The lanes in `postponed` are the exception, and while a restored database is handed over anew those that it has not
--   come to yet (feeding_again); nobody claims either.
-- * Nothing that is not fed leaves: the cards of one transaction are fed together in each lane, and so keep their order.

CREATE OR REPLACE FUNCTION o365_internal.snapshot_until(xmax bigint, in_progress xid8[]) RETURNS pg_snapshot
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT format('%s:%s:%s', coalesce(min(x.xid), xmax), xmax, string_agg(x.xid::text, ',' ORDER BY x.xid))::pg_snapshot
              FROM (SELECT DISTINCT u.xid::text::bigint AS xid FROM unnest(in_progress) AS u (xid)) AS x WHERE x.xid < xmax);
END $$;
COMMENT ON FUNCTION o365_internal.snapshot_until(bigint, xid8[]) IS
    'The snapshot in which the transactions below xmax are visible, but for those of in_progress.';

CREATE OR REPLACE FUNCTION o365_internal.handed_over(subscription_id bigint) RETURNS xid8[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
BEGIN
    RETURN ARRAY(SELECT h.xid FROM o365_internal.handing AS h
                  WHERE h.xid > '0'::xid8
                    AND (h.upto >= subscription_id
                         OR EXISTS (SELECT 1 FROM o365_internal.handed_early AS e
                                     WHERE e.xid = h.xid AND e.subscription_id = subscription_id)));
END $$;
COMMENT ON FUNCTION o365_internal.handed_over(bigint) IS
    'The bulk transactions whose cards were handed to a lane while other lanes still wait for theirs. They stand in '
    'fed.snap as in progress. Asked once a lane, by functions whose planner settings hold in here too.';

CREATE OR REPLACE FUNCTION o365_internal.advance_sequences() RETURNS integer
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_sequence record;
    v_last bigint;
    v_used bigint;
    v_advanced integer := 0;
BEGIN
    FOR v_sequence IN
        SELECT d.objid::regclass AS name, array_agg(format('SELECT max(%I) FROM %s', a.attname, a.attrelid::regclass)) AS users
          FROM pg_depend AS d JOIN pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
          JOIN pg_class AS c ON c.oid = d.objid AND c.relkind = 'S' AND c.relnamespace = 'o365_internal'::regnamespace
         WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'i' GROUP BY d.objid
        UNION ALL
        SELECT 'o365_internal.card_id'::regclass,
            -- A card's position is the same number, and has no index.
            ARRAY['SELECT max(card_id) FROM o365_internal.outbox',
            'SELECT max(card_id) FROM o365_internal.delivery', 'SELECT max(card_id) FROM o365_internal.attempt', 'SELECT max(cursor) FROM o365_internal.lane']
    LOOP
        -- (!) In this order, and only one that is behind: applications draw values meanwhile, which must not be given out again.
        EXECUTE format('SELECT max(u) FROM (%s) AS x (u)', array_to_string(v_sequence.users, ' UNION ALL ')) INTO v_used;
        EXECUTE format('SELECT last_value FROM %s', v_sequence.name) INTO v_last;
        IF v_used > v_last THEN
            PERFORM setval(v_sequence.name, v_used);
            v_advanced := v_advanced + 1;
        END IF;
    END LOOP;
    RETURN v_advanced;
END $$;
COMMENT ON FUNCTION o365_internal.advance_sequences() IS
    'Sets sequences that are behind what the tables hold (logical replication copies none) to the largest value in use; returns how many.';

CREATE OR REPLACE FUNCTION o365_internal.is_restored() RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_cluster bigint := o365_internal.cluster_id();
BEGIN
    -- Transaction ids never go back in one history: where they do, those of fed and of the outbox are another one's, whatever the cluster is called.
    RETURN (SELECT v_cluster IS NOT NULL AND f.cluster IS DISTINCT FROM v_cluster
                   OR pg_snapshot_xmax(f.snap) > pg_snapshot_xmax(pg_current_snapshot())
              FROM o365_internal.fed AS f ORDER BY f.n DESC LIMIT 1);
END $$;
COMMENT ON FUNCTION o365_internal.is_restored() IS
    'Whether the transaction ids in fed and in the outbox are those of another history: a restored dump, an upgraded cluster, a logical replica.';

CREATE OR REPLACE FUNCTION o365_internal.feed_again() RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    -- (!) Before anything else: what is committed from here on is new to the next round; what was committed before is
    -- found by feed_on.
    v_snap pg_snapshot := pg_current_snapshot();
BEGIN
    -- The same cluster, database and tables with lower ids: only the data were moved here. Whoever says this moment
    -- which database this is has that row locked and is not waited for.
    UPDATE o365_internal.known_database AS k SET tables = '{}'
     WHERE (SELECT pg_snapshot_xmax(f.snap) > pg_snapshot_xmax(v_snap) FROM o365_internal.fed AS f ORDER BY f.n DESC LIMIT 1)
       AND o365_internal.copied() IS NULL
       AND k.ctid = ANY (ARRAY(SELECT d.ctid FROM o365_internal.known_database AS d FOR UPDATE SKIP LOCKED));
    INSERT INTO o365_internal.fed (snap, cluster) VALUES (v_snap, o365_internal.cluster_id());
    DELETE FROM o365_internal.postponed;
    DELETE FROM o365_internal.handing;
    DELETE FROM o365_internal.handed_early;
    DELETE FROM o365_internal.feeding_again;
    INSERT INTO o365_internal.feeding_again (lane, position)
        VALUES ((-9223372036854775808)::bigint, (-9223372036854775808)::bigint);
    PERFORM o365_internal.advance_sequences();
END $$;
COMMENT ON FUNCTION o365_internal.feed_again() IS
    'Begins to hand everything that waits to the lanes anew, as if it had just arrived: rounds of arrivals go on with '
    'it (feed_on), a part in each. Until a lane has been handed over nobody claims it. Advances the sequences. The '
    'caller has locked turn_to_feed.';

CREATE OR REPLACE FUNCTION o365_internal.feed_again_if_restored() RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT o365_internal.is_restored() THEN
        RETURN;
    END IF;
    BEGIN
        LOCK TABLE o365_internal.turn_to_feed IN SHARE ROW EXCLUSIVE MODE NOWAIT;
    EXCEPTION WHEN lock_not_available THEN
        INSERT INTO o365_internal.feeding_again DEFAULT VALUES;
        RETURN;
    END;
    -- Again under the lock: another worker may have begun meanwhile.
    IF o365_internal.is_restored() THEN
        PERFORM o365_internal.feed_again();
    END IF;
END $$;
COMMENT ON FUNCTION o365_internal.feed_again_if_restored() IS
    'feed_again, if it is needed; while somebody is feeding, the next round does it. Workers ask when they start and '
    'on each heartbeat, the first of which follows every new connection.';

CREATE OR REPLACE FUNCTION o365_internal.hand_over_again(cards tid[], cards_of bigint[], lanes bigint[]) RETURNS bigint[]
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan SET jit = off AS $$
DECLARE
    c_again CONSTANT bigint := -9223372036854775808;   -- in postponed: the whole lane anew
    v_cards tid[];
    v_left bigint[];
    v_done bigint[];
    v_tids tid[];
BEGIN
    -- Nobody is waited for, neither an open transaction that deletes cards nor one that has a lane.
    v_cards := ARRAY(SELECT o.ctid FROM o365_internal.outbox AS o WHERE o.ctid = ANY (cards) FOR UPDATE SKIP LOCKED);
    -- (!) An id that every snapshot shows, of this and of every other history.
    UPDATE o365_internal.outbox AS o SET xid = '3' WHERE o.ctid = ANY (v_cards);
    v_left := CASE WHEN cardinality(v_cards) < cardinality(cards)
                   THEN ARRAY(SELECT DISTINCT c.s FROM unnest(cards, cards_of) AS c (tid, s)
                               WHERE NOT EXISTS (SELECT FROM unnest(v_cards) AS v (tid) WHERE v.tid = c.tid)) ELSE '{}' END;
    SELECT array_agg(l.s), array_agg(l.tid) INTO v_done, v_tids
      FROM (SELECT u.s, la.tid FROM unnest(lanes) AS u (s)
             CROSS JOIN LATERAL (SELECT x.ctid AS tid FROM o365_internal.lane AS x WHERE x.subscription_id = u.s
                                  ORDER BY x.lease_no DESC LIMIT 1 FOR UPDATE SKIP LOCKED) AS la
             WHERE u.s <> ALL (v_left)) AS l;
    -- A new lease number: whoever had a lease in the other history is refused here.
    UPDATE o365_internal.lane AS l
       SET cursor = 0, late = NULL, worker = NULL, lease_until = NULL, lease_no = l.lease_no + 1,
           next_at = CASE WHEN l.hold IS NULL AND EXISTS (SELECT FROM o365_internal.outbox AS o
                                                           WHERE o.subscription_id = l.subscription_id) THEN clock_timestamp() END
     WHERE l.ctid = ANY (v_tids);
    -- (!) The others are handed over by a later round; until then nobody claims them.
    IF coalesce(cardinality(v_done), 0) < cardinality(lanes) OR v_left <> '{}' THEN
        INSERT INTO o365_internal.postponed AS p (subscription_id, first)
            SELECT u.s, c_again FROM (SELECT s FROM unnest(lanes) AS s EXCEPT SELECT s FROM unnest(v_done) AS s
                                      UNION SELECT s FROM unnest(v_left) AS s) AS u
             WHERE EXISTS (SELECT FROM o365_internal.lane AS l WHERE l.subscription_id = u.s)
            ON CONFLICT ON CONSTRAINT postponed_pkey DO UPDATE SET first = excluded.first WHERE excluded.first < p.first;
    END IF;
    RETURN coalesce(v_done, '{}');
END $$;
COMMENT ON FUNCTION o365_internal.hand_over_again(tid[], bigint[], bigint[]) IS
    'Makes the cards fed whose rows are given, with the lane of each, and hands the lanes over as if all of their '
    'cards had just arrived. Returns the lanes that it did; those that somebody has locked, or a card of which is '
    'locked, are in postponed then. Waits for nobody.';

CREATE OR REPLACE FUNCTION o365_internal.feed_on() RETURNS boolean
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
DECLARE
    c_cards CONSTANT integer := 5000;      -- that one step looks at
    c_lanes CONSTANT integer := 1000;
    c_again CONSTANT bigint := -9223372036854775808;
    v_snap pg_snapshot;
    v_at o365_internal.feeding_again;
    v_n integer;
    v_s bigint;              -- the last card that was looked at
    v_p bigint;
    v_cards tid[];
    v_cards_of bigint[];
    v_lanes bigint[];
BEGIN
    SELECT a.* INTO v_at FROM o365_internal.feeding_again AS a WHERE a.lane IS NOT NULL ORDER BY a.n DESC LIMIT 1;
    SELECT f.snap INTO v_snap FROM o365_internal.fed AS f ORDER BY f.n DESC LIMIT 1;
    IF v_at.n IS NULL THEN
        -- Lanes that were left out. Of very many a part of them, any.
        v_lanes := ARRAY(SELECT p.subscription_id FROM o365_internal.postponed AS p WHERE p.first = c_again
                          ORDER BY random() LIMIT c_lanes);
        IF v_lanes = '{}' THEN
            RETURN false;
        END IF;
        SELECT array_agg(o.tid), array_agg(o.s) INTO v_cards, v_cards_of FROM (
            (SELECT o.ctid AS tid, o.subscription_id AS s FROM o365_internal.outbox AS o
              WHERE o.xid >= pg_snapshot_xmax(v_snap) AND o.subscription_id = ANY (v_lanes))
            UNION ALL
            SELECT o.tid, o.s FROM pg_snapshot_xip(v_snap) AS x (xid)
             CROSS JOIN LATERAL (SELECT o.ctid AS tid, o.subscription_id AS s FROM o365_internal.outbox AS o
                                  WHERE o.xid = x.xid AND o.subscription_id = ANY (v_lanes)) AS o
            LIMIT c_cards) AS o;
        v_n := coalesce(cardinality(v_cards), 0);
        v_lanes := o365_internal.hand_over_again(coalesce(v_cards, '{}'), coalesce(v_cards_of, '{}'),
                                                 CASE WHEN v_n < c_cards THEN v_lanes ELSE '{}' END);
        DELETE FROM o365_internal.postponed AS p WHERE p.subscription_id = ANY (v_lanes) AND p.first = c_again;
        RETURN v_lanes <> '{}' OR v_n = c_cards;
    END IF;
    -- What fed.snap shows is fed for ever, whichever history its id is of.
    SELECT count(*), array_agg(o.tid) FILTER (WHERE NOT o.fed), array_agg(o.s) FILTER (WHERE NOT o.fed),
           ARRAY(SELECT v_at.lane UNION SELECT unnest(array_agg(o.s))),
           (array_agg(o.s ORDER BY o.s DESC, o.p DESC))[1], (array_agg(o.p ORDER BY o.s DESC, o.p DESC))[1]
      INTO v_n, v_cards, v_cards_of, v_lanes, v_s, v_p
      FROM (SELECT o.ctid AS tid, o.subscription_id AS s, o.position AS p, pg_visible_in_snapshot(o.xid, v_snap) AS fed
              FROM o365_internal.outbox AS o WHERE (o.subscription_id, o.position) > (v_at.lane, v_at.position)
             ORDER BY o.subscription_id, o.position LIMIT c_cards) AS o;
    -- The last lane may go on past what was looked at.
    IF v_n = c_cards THEN
        v_lanes := array_remove(v_lanes, v_s);
    END IF;
    PERFORM o365_internal.hand_over_again(coalesce(v_cards, '{}'), coalesce(v_cards_of, '{}'), v_lanes);
    IF v_n = c_cards THEN
        UPDATE o365_internal.feeding_again AS a SET lane = v_s, position = v_p WHERE a.n = v_at.n;
    ELSE
        DELETE FROM o365_internal.feeding_again AS a WHERE a.n = v_at.n;
    END IF;
    RETURN true;
END $$;
COMMENT ON FUNCTION o365_internal.feed_on() IS
    'One step of what feed_again began: looks at 5,000 cards in the order of the lanes; after the last of them at '
    'lanes that were left out because somebody had them locked. True when it did something. The caller has locked '
    'turn_to_feed.';

CREATE OR REPLACE FUNCTION o365_internal.clock_put_back(was timestamptz) RETURNS boolean
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET plan_cache_mode = force_generic_plan SET jit = off AS $$
DECLARE
    c_lanes CONSTANT integer := 5000;
    v_now timestamptz := clock_timestamp();
    v_last timestamptz := was + make_interval(secs => o365_internal.integer_setting('retry_cap_seconds'));
    v_lanes integer;
BEGIN
    -- A lane that waits is tried at once; what the far end asked to be left alone for longer than retry_cap_seconds is.
    -- A lease that was made before goes on for as long as it was made for.
    UPDATE o365_internal.lane AS l
       SET next_at = CASE WHEN l.worker IS NULL THEN v_now ELSE v_now + (l.next_at - l.claimed_at) END,
           lease_until = CASE WHEN l.worker IS NOT NULL THEN v_now + (l.next_at - l.claimed_at) END,
           claimed_at = least(l.claimed_at, v_now)
     WHERE l.ctid = ANY (ARRAY(SELECT x.ctid FROM o365_internal.lane AS x
                                WHERE x.next_at > v_now AND x.next_at <= v_last AND (x.worker IS NULL OR x.claimed_at > v_now)
                                ORDER BY x.next_at LIMIT c_lanes FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS v_lanes = ROW_COUNT;
    RETURN v_lanes < c_lanes;
END $$;
COMMENT ON FUNCTION o365_internal.clock_put_back(timestamptz) IS
    'The clock was put back from `was`, so that whoever waits for a time would wait for longer by that: makes 5,000 '
    'such lanes due. False when there may be more of them.';

CREATE OR REPLACE FUNCTION o365_programs.worker_feed() RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
    c_cards CONSTANT integer := 5000;      -- that a round looks at, of what is new and of each transaction that was in progress
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
    v_locked bigint[];
    v_locked_first bigint[];
    v_touched integer := 0;
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
    SELECT f.snap, f.cluster, f.at INTO v_before, v_cluster, v_fed_at FROM o365_internal.fed AS f ORDER BY f.n DESC LIMIT 1;
    -- Cards that are visible now and were not at the last round: those of ids past its end, and those of transactions that were in progress then
    -- and have ended. The snapshot is that of this very statement: later ones see more, and take of it only what is visible in this one.
    WITH card AS MATERIALIZED (
        (SELECT o.xid, o.subscription_id AS s, o.position AS p, true AS new
           FROM o365_internal.outbox AS o WHERE o.xid >= pg_snapshot_xmax(v_before)
            -- (!) Of a restored database's cards, which feed_on hands over, the ids are another history's and may be
            -- ahead of this one.
            AND o.xid < pg_snapshot_xmax(pg_current_snapshot()) AND pg_visible_in_snapshot(o.xid, pg_current_snapshot())
          ORDER BY o.xid LIMIT c_cards + 1)
        UNION ALL
        -- (!) Lateral: a join flips. Those that are still in progress are not looked at: every round would read all their cards.
        SELECT x.xid, o.s, o.p, false FROM pg_snapshot_xip(v_before) AS x (xid)
         CROSS JOIN LATERAL (SELECT o.subscription_id AS s, o.position AS p FROM o365_internal.outbox AS o WHERE o.xid = x.xid LIMIT c_cards + 1) AS o
         WHERE pg_visible_in_snapshot(x.xid, pg_current_snapshot()) AND NOT EXISTS (SELECT 1 FROM o365_internal.handing AS h WHERE h.xid = x.xid)),
    new AS MATERIALIZED (SELECT count(*) AS n FROM card AS c WHERE c.new),
    -- Of the new transactions only whole ones are taken: the last one may go on past what was looked at.
    until AS MATERIALIZED (
        SELECT l.xid, l.xid = (SELECT c.xid FROM card AS c WHERE c.new ORDER BY c.xid LIMIT 1) AS is_bulk
          FROM new AS n LEFT JOIN LATERAL (SELECT c.xid FROM card AS c WHERE c.new AND n.n > c_cards ORDER BY c.xid DESC LIMIT 1) AS l ON true),
    bulk AS MATERIALIZED (
        SELECT c.xid FROM card AS c WHERE NOT c.new GROUP BY c.xid HAVING count(*) > c_cards UNION ALL SELECT u.xid FROM until AS u WHERE u.is_bulk),
    lane AS MATERIALIZED (
        SELECT c.s, min(c.p) AS first FROM card AS c
         WHERE (NOT c.new OR c.xid < (SELECT u.xid FROM until AS u)) IS NOT FALSE AND c.xid <> ALL (ARRAY(SELECT b.xid FROM bulk AS b))
         GROUP BY c.s)
    SELECT (SELECT array_agg(l.s ORDER BY l.s) FROM lane AS l), (SELECT array_agg(l.first ORDER BY l.s) FROM lane AS l),
           ARRAY(SELECT b.xid FROM bulk AS b), u.xid::text::bigint + u.is_bulk::integer, pg_current_snapshot()
      INTO v_arrived, v_first, v_bulk, v_until, v_now FROM until AS u;
    IF v_bulk <> '{}' THEN
        INSERT INTO o365_internal.handing (xid, upto) SELECT b, v_pivot FROM unnest(v_bulk) AS b;
    END IF;
    -- The lanes of a bulk transaction get its cards by and by, and no more of them than can leave: other cards would wait behind all of them.
    SELECT h.xid, h.upto INTO v_handing, v_upto FROM o365_internal.handing AS h WHERE h.xid > '0'::xid8 ORDER BY random() LIMIT 1;
    IF v_handing IS NOT NULL THEN
        v_more := true;
        -- A lane whose turn has not come, but for which there is something newer, gets them now: what was sent first leaves first.
        WITH early AS MATERIALIZED (
            SELECT h.xid, o.s, o.p FROM unnest(v_arrived) AS a (s) JOIN o365_internal.handing AS h ON h.xid > '0'::xid8
             CROSS JOIN LATERAL (SELECT o.subscription_id AS s, o.position AS p FROM o365_internal.outbox AS o
                                  WHERE (o.xid, o.subscription_id) >= (h.xid, a.s) AND o.xid <= h.xid
                                  ORDER BY o.xid, o.subscription_id, o.position LIMIT 1) AS o
             WHERE h.upto < a.s AND o.s = a.s),
        noted AS (INSERT INTO o365_internal.handed_early (xid, subscription_id) SELECT e.xid, e.s FROM early AS e ON CONFLICT DO NOTHING)
        SELECT array_agg(e.s), array_agg(e.p) INTO v_early, v_early_first FROM early AS e;
        IF (SELECT count(*) FROM (SELECT 1 FROM o365_internal.lane AS l
                                   WHERE l.next_at > v_started - interval '1 minute' AND l.next_at <= v_started
                                   ORDER BY l.next_at DESC LIMIT c_due) AS due) < c_due THEN
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
            SELECT array_agg(l.s), array_agg(l.p), max(l.s) INTO v_lanes, v_lanes_first, v_upto FROM (SELECT l.s, l.p FROM lane AS l LIMIT c_lanes) AS l;
            IF coalesce(cardinality(v_lanes), 0) < c_lanes THEN
                DELETE FROM o365_internal.handing AS h WHERE h.xid = v_handing;
                DELETE FROM o365_internal.handed_early AS e WHERE e.xid = v_handing;
            ELSE
                UPDATE o365_internal.handing AS h SET upto = v_upto WHERE h.xid = v_handing;
            END IF;
        END IF;
    END IF;
    -- What is fed from now on: all that this round saw, but for what it left out. Once a second also without any card, and after a round that took
    -- long: so that what is in progress becomes known as such, and is not looked at as new.
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
    IF (SELECT count(*) FROM (SELECT 1 FROM o365_internal.postponed AS p WHERE p.first > c_again LIMIT c_lanes + 1) AS p) > c_lanes THEN
        SELECT b.low + trunc(random() * (b.high - b.low))::bigint INTO v_pivot
          FROM (SELECT (SELECT p.subscription_id FROM o365_internal.postponed AS p ORDER BY p.subscription_id LIMIT 1) AS low,
                       (SELECT p.subscription_id FROM o365_internal.postponed AS p ORDER BY p.subscription_id DESC LIMIT 1) AS high) AS b;
    END IF;
    -- Lanes are locked and only then read, in a new statement, so that cursor and next_at are final. A lane that somebody else has locked, an
    -- operator's open transaction for one, is left out and waited for by nobody.
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
        -- (!) Its cards are set aside, and no worker claims it before they are handed over, or later cards of the same transaction would pass them.
        INSERT INTO o365_internal.postponed AS p (subscription_id, first)
            SELECT a.s, a.first FROM unnest(v_locked, v_locked_first) AS a(s, first)
             WHERE EXISTS (SELECT 1 FROM o365_internal.lane AS l WHERE l.subscription_id = a.s)
            ON CONFLICT ON CONSTRAINT postponed_pkey DO UPDATE SET first = excluded.first WHERE excluded.first < p.first;
    END IF;
    IF v_free IS NOT NULL THEN
        WITH touched AS MATERIALIZED (
            SELECT a.s, a.first, l.tid, l.cursor, l.late FROM unnest(v_free, v_free_first) AS a(s, first)
            CROSS JOIN LATERAL (SELECT la.ctid AS tid, la.cursor, la.late, la.next_at, la.hold FROM o365_internal.lane AS la
                                 WHERE la.subscription_id = a.s ORDER BY la.lease_no DESC LIMIT 1) AS l
            WHERE (l.next_at IS NULL AND l.hold IS NULL) OR a.first <= l.cursor),
        with_late AS MATERIALIZED (
            -- What is fed and stands at or before the cursor is late, however it came there: what has ended is not there any more.
            SELECT t.tid, CASE WHEN t.first > t.cursor THEN coalesce(t.late, '{}') ELSE ARRAY(
                SELECT v FROM unnest(t.late) AS v
                UNION
                (SELECT o.position FROM o365_internal.outbox AS o
                  WHERE o.subscription_id = t.s AND o.position >= t.first AND o.position <= t.cursor
                    AND (pg_visible_in_snapshot(o.xid, v_now)
                         OR o.xid = ANY ((SELECT CASE WHEN v_more THEN o365_internal.handed_over(t.s) END)::xid8[]))
                  ORDER BY o.position LIMIT 101)
                ORDER BY 1) END AS lt
            FROM touched AS t)
        -- More than a hundred late ones are not written down: the cursor goes back to before the first of them. What ended after it is gone, so that
        -- claims pass over it.
        UPDATE o365_internal.lane AS la
           SET next_at = CASE WHEN la.hold IS NULL THEN coalesce(la.next_at, now()) ELSE la.next_at END,
               late = CASE WHEN cardinality(w.lt) <= 100 THEN nullif(w.lt, '{}') END,
               cursor = CASE WHEN cardinality(w.lt) > 100 THEN w.lt[1] - 1 ELSE la.cursor END
          FROM with_late AS w WHERE la.ctid = w.tid;
        GET DIAGNOSTICS v_touched = ROW_COUNT;
        DELETE FROM o365_internal.postponed AS p WHERE p.subscription_id = ANY (v_free) AND p.first > c_again;
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
    RETURN CASE WHEN v_until IS NOT NULL OR v_more THEN greatest(v_touched, 1) ELSE v_touched END;
END $$;
COMMENT ON FUNCTION o365_programs.worker_feed() IS
    'Hands cards that were committed since the last call to their lanes and wakes those; returns how many lanes it touched, at least 1 when there are '
    'more than one call takes: call it again at once. -1 when another worker is at it. Never waits for a sender nor for whoever has locked a lane, never '
    'misses a late commit.';

CREATE OR REPLACE FUNCTION o365_programs.worker_lease(worker integer, low timestamptz, n_lanes integer)
RETURNS TABLE (subscription_id bigint, lease_no bigint, secret_version integer, dialect text, lease_ms integer, was_due timestamptz)
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
    v_until timestamptz := v_now;
    v_before bigint;
    v_from timestamptz;
BEGIN
    -- (!) While a restored database is handed over anew only lanes that have been, which are due since then.
    SELECT coalesce(a.lane, (-9223372036854775808)::bigint), a.at INTO v_before, v_from
      FROM o365_internal.feeding_again AS a ORDER BY a.n DESC LIMIT 1;
    low := greatest(low, v_from);
    IF v_leaves IS NOT NULL THEN
        -- Those that are passed over are few at a time: another worker has them next.
        v_until := coalesce((SELECT la.next_at FROM o365_internal.lane AS la WHERE la.next_at >= low AND la.next_at <= v_now
                              ORDER BY la.next_at OFFSET c_looks LIMIT 1), v_now);
    END IF;
    -- PL/pgSQL keeps the plan; a function in SQL is parsed and planned at every call, which costs more than the claim.
    RETURN QUERY
    WITH due AS MATERIALIZED (
        SELECT la.ctid AS tid, la.next_at FROM o365_internal.lane AS la WHERE la.next_at >= low AND la.next_at <= v_until
           AND (v_before IS NULL OR la.subscription_id < v_before)
           AND NOT EXISTS (SELECT 1 FROM o365_internal.postponed AS p WHERE p.subscription_id = la.subscription_id)   -- (!)
           AND (v_leaves IS NULL OR NOT EXISTS (SELECT 1 FROM o365_internal.subscription AS su
                                                 WHERE su.subscription_id = la.subscription_id AND su.key_id = ANY (v_leaves)))
        ORDER BY la.next_at LIMIT n_lanes FOR UPDATE OF la SKIP LOCKED),
    leased AS (
        UPDATE o365_internal.lane AS la
           SET next_at = v_ends, lease_until = v_ends, claimed_at = v_now, worker = worker_lease.worker, lease_no = la.lease_no + 1
          FROM due WHERE la.ctid = due.tid
        RETURNING la.subscription_id, la.lease_no, due.next_at)
    SELECT l.subscription_id, l.lease_no, s.secret_version, s.dialect, v_lease_ms, l.next_at
      FROM leased AS l
      LEFT JOIN LATERAL (SELECT su.secret_version, su.dialect FROM o365_internal.subscription AS su
                          WHERE su.subscription_id = l.subscription_id LIMIT 1) AS s ON true;
END $$;
COMMENT ON FUNCTION o365_programs.worker_lease(integer, timestamptz, integer) IS
    'Leases up to n_lanes due lanes to a worker; commit at once, then ask worker_cards for their cards. The answer is a few bytes a lane, so that a worker '
    'that stops reading holds neither a lock nor the round of arrivals. low bounds the scan: the latest was_due seen less a second, and -infinity every '
    'few seconds. lease_ms: the lease ends so long after this call began. secret_version tells whether a cached '
    'webhook is old. A lane whose key this worker lacks is left to a living worker that has it.';

CREATE OR REPLACE FUNCTION o365_programs.worker_cards(
    worker integer, subscription_ids bigint[], lease_nos bigint[], n_cards integer, lane_bytes integer, all_bytes integer)
RETURNS TABLE (subscription_id bigint, lease_no bigint, "position" bigint, card_id bigint, card text, ends_as text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
    v_s bigint;            -- the lane that is being read, its lease, its bytes so far, and whether it has as many as it may
    v_l bigint;
    v_lane bigint := 0;
    v_full boolean;
    v_all bigint := 0;     -- bytes of all lanes so far
    v_bytes integer;
BEGIN
    -- One statement that is read to where the bytes end: nested loops keep the order of the arrays.
    FOR subscription_id, lease_no, "position", card_id, card, ends_as IN
        WITH fed AS MATERIALIZED (SELECT f.snap, EXISTS (SELECT 1 FROM o365_internal.handing) AS bulk FROM o365_internal.fed AS f ORDER BY f.n DESC LIMIT 1),
        again AS MATERIALIZED (
            SELECT coalesce(a.lane, (-9223372036854775808)::bigint) AS lane
              FROM o365_internal.feeding_again AS a ORDER BY a.n DESC LIMIT 1)
        SELECT u.s, u.l, o.position, o.card_id, CASE WHEN su.ends_as IS NULL THEN o.card END AS card, su.ends_as
          FROM unnest(subscription_ids, lease_nos) AS u (s, l)
          LEFT JOIN LATERAL (SELECT x.cursor, x.late FROM o365_internal.lane AS x
                              WHERE x.subscription_id = u.s AND x.lease_no = u.l AND x.worker = worker_cards.worker
                                -- (!) Cards of a transaction that came since the lease are in part not handed over.
                                AND NOT EXISTS (SELECT 1 FROM o365_internal.postponed AS p WHERE p.subscription_id = u.s)
                                AND coalesce(u.s < (SELECT again.lane FROM again), true) LIMIT 1) AS la ON true
          LEFT JOIN LATERAL (SELECT CASE WHEN y.status IN ('removed', 'gone', 'retired') THEN 'cancelled' END AS ends_as
                               FROM o365_internal.subscription AS y WHERE y.subscription_id = u.s LIMIT 1) AS su ON true
          LEFT JOIN LATERAL (
            SELECT c.position, c.card_id, c.card FROM (
                (SELECT o.position, o.card_id, o.card FROM unnest(la.late) AS v(p)
                   JOIN o365_internal.outbox AS o ON o.subscription_id = u.s AND o.position = v.p)
                UNION ALL
                (SELECT o.position, o.card_id, o.card FROM o365_internal.outbox AS o
                  WHERE o.subscription_id = u.s AND o.position > la.cursor
                    -- (!) only what was fed, or a transaction's cards come apart
                    AND (pg_visible_in_snapshot(o.xid, (SELECT fed.snap FROM fed))
                         OR o.xid = ANY ((SELECT CASE WHEN fed.bulk THEN o365_internal.handed_over(u.s) END FROM fed)::xid8[]))
                  ORDER BY o.position LIMIT n_cards)) AS c
            ORDER BY c.position LIMIT n_cards) AS o ON true
    LOOP
        v_bytes := coalesce(octet_length(card), 0);
        IF subscription_id = v_s AND lease_no = v_l THEN
            v_full := v_full OR v_lane + v_bytes > lane_bytes OR v_all + v_bytes > all_bytes;
            CONTINUE WHEN v_full;
            v_lane := v_lane + v_bytes;
        ELSE
            -- Each lane has a card; a lane that has no room for one is asked for again.
            EXIT WHEN v_s IS NOT NULL AND v_all + v_bytes > all_bytes;
            v_s := subscription_id;
            v_l := lease_no;
            v_lane := v_bytes;
            v_full := false;
        END IF;
        v_all := v_all + v_bytes;
        RETURN NEXT;
    END LOOP;
END $$;
COMMENT ON FUNCTION o365_programs.worker_cards(integer, bigint[], bigint[], integer, integer, integer) IS
    'The first cards of leased lanes, in the order of the arrays and of the cards: at most n_cards and about lane_bytes of a lane, but always one, and about '
    'all_bytes in all. Changes nothing. A lane without a card, or that is not leased to this worker under this number any more, comes with position null: '
    'report it like the others. One that does not come at all did not fit: ask again. card: as it was sent; the worker puts it into the form that its '
    'webhook takes. ends_as: report that outcome without a POST, card is null then.';

CREATE OR REPLACE FUNCTION o365_programs.worker_recheck(subscription_ids bigint[], lease_nos bigint[], secret_versions integer[])
RETURNS TABLE (subscription_id bigint, lease_no bigint, may_send boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT u.s, u.l, coalesce(la.hold IS NULL AND su.status = 'active' AND su.secret_version = u.v, false)
      FROM unnest(subscription_ids, lease_nos, secret_versions) AS u(s, l, v)
      LEFT JOIN LATERAL (SELECT x.hold, true AS found FROM o365_internal.lane AS x WHERE x.subscription_id = u.s AND x.lease_no = u.l LIMIT 1) AS la ON true
      LEFT JOIN LATERAL (SELECT y.status, y.secret_version FROM o365_internal.subscription AS y
                          WHERE y.subscription_id = u.s AND la.found LIMIT 1) AS su ON true;
END $$;
COMMENT ON FUNCTION o365_programs.worker_recheck(bigint[], bigint[], integer[]) IS
    'Whether leased lanes may still send: false once paused, removed, suspended, leased to another, or renewed: the webhook is not '
    'of the version that the worker has. Called at most 2 s before each POST.';

CREATE OR REPLACE FUNCTION o365_programs.worker_report(
    worker integer, subs bigint[], leases bigint[], positions bigint[], outcomes text[], rule_ids integer[],
    http_statuses integer[], retry_after_s integer[], took_ms integer[], problems text[],
    lane_subs bigint[], lane_leases bigint[], releases boolean[], secret_versions integer[],
    OUT ended integer, OUT busy bigint[], OUT known integer)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
    v_held bigint[];
    v_held_tid tid[];
    v_held_lease bigint[];
    v_trying bigint[];        -- the cards that those lanes tried before, and when they, and any other card, were first claimed
    v_tried timestamptz[];
    v_claimed timestamptz[];
    v_released boolean[];
    v_version integer[];      -- of the webhooks that their cards were posted to
    v_renewed bigint[] := '{}';  -- lanes that have another webhook by now
    v_named bigint;
    v_s bigint[];
    v_p bigint[];
    v_n bigint[];
    v_outcome text[];
    v_expected bigint;
    v_item record;
BEGIN
    ended := 0;
    known := 0;
    busy := '{}';
    -- Lanes that are still leased to this worker under this number; a late report of anything else changes nothing.
    SELECT array_agg(d.s) FILTER (WHERE locked.tid IS NOT NULL), array_agg(locked.tid) FILTER (WHERE locked.tid IS NOT NULL),
           array_agg(d.l) FILTER (WHERE locked.tid IS NOT NULL), array_agg(d.r) FILTER (WHERE locked.tid IS NOT NULL),
           array_agg(locked.trying) FILTER (WHERE locked.tid IS NOT NULL), array_agg(locked.tried) FILTER (WHERE locked.tid IS NOT NULL),
           array_agg(locked.claimed) FILTER (WHERE locked.tid IS NOT NULL), array_agg(d.v) FILTER (WHERE locked.tid IS NOT NULL), count(*)
      INTO v_held, v_held_tid, v_held_lease, v_released, v_trying, v_tried, v_claimed, v_version, v_named
      FROM (SELECT u.s, u.l, bool_or(u.r) AS r, min(u.v) AS v
              FROM unnest(lane_subs, lane_leases, releases, secret_versions) AS u(s, l, r, v)
             GROUP BY u.s, u.l ORDER BY u.s) AS d
      LEFT JOIN LATERAL (SELECT la.ctid AS tid, coalesce(la.trying, 0) AS trying, coalesce(la.tried_at, la.claimed_at, now()) AS tried,
                                coalesce(la.claimed_at, now()) AS claimed
                           FROM o365_internal.lane AS la
                          WHERE la.subscription_id = d.s AND la.lease_no = d.l AND la.worker = worker_report.worker
                          FOR UPDATE SKIP LOCKED) AS locked ON true;
    IF coalesce(cardinality(v_held), 0) < v_named THEN
        -- Still ours, but locked by another transaction: reported again later, so that nobody else waits for it.
        busy := ARRAY(SELECT DISTINCT u.s FROM unnest(lane_subs, lane_leases) AS u(s, l)
                       WHERE u.s <> ALL (coalesce(v_held, '{}'))
                         AND EXISTS (SELECT 1 FROM o365_internal.lane AS la WHERE la.subscription_id = u.s
                                        AND la.lease_no = u.l AND la.worker = worker_report.worker));
    END IF;
    IF v_held IS NOT NULL AND NOT outcomes <@ '{delivered,accepted}' THEN
        -- (!) Under the lanes' locks, which a renewal takes first. What an older webhook answered says nothing about this one.
        v_renewed := ARRAY(SELECT h.s FROM unnest(v_held, v_version) AS h(s, v)
                            CROSS JOIN LATERAL (SELECT su.secret_version FROM o365_internal.subscription AS su
                                                 WHERE su.subscription_id = h.s LIMIT 1) AS x
                            WHERE x.secret_version <> h.v);
    END IF;
    IF v_held IS NOT NULL THEN
        -- One look at each card, then its history: a delivery for every end, with the POST that made it, an attempt for every
        -- other POST. A card that another worker ended since is not there any more; its lane would not be held. Of one lane's
        -- items only those of the lease that is held count: a report may name an older one beside it.
        WITH item AS MATERIALIZED (
            SELECT u.s, u.l, u.p, u.n, u.outcome, u.rule_id, u.status, u.retry_after, u.took, u.problem, t.*,
                   CASE WHEN v_trying[h.i] = u.p THEN v_tried[h.i] ELSE v_claimed[h.i] END AS claimed_at,
                   u.outcome IN ('delivered', 'accepted', 'dead', 'cancelled') AS ends
              FROM unnest(subs, leases, positions, outcomes, rule_ids, http_statuses, retry_after_s, took_ms, problems) WITH ORDINALITY
                   AS u(s, l, p, outcome, rule_id, status, retry_after, took, problem, n)
              CROSS JOIN LATERAL (SELECT array_position(v_held, u.s) AS i OFFSET 0) AS h
              CROSS JOIN LATERAL (SELECT o.ctid AS tid, o.card_id, o.event, o.enqueued_at FROM o365_internal.outbox AS o
                                   WHERE o.subscription_id = u.s AND o.position = u.p LIMIT 1) AS t
             WHERE v_held_lease[h.i] = u.l),
        tried AS (
            INSERT INTO o365_internal.attempt (card_id, subscription_id, lease_no, worker, outcome, rule_id, http_status,
                                               retry_after_s, took_ms, problem)
            SELECT i.card_id, i.s, i.l, worker_report.worker, i.outcome, i.rule_id, i.status, i.retry_after, i.took, i.problem
              FROM item AS i WHERE i.took IS NOT NULL AND NOT i.ends),
        ending AS MATERIALIZED (
            SELECT DISTINCT ON (i.tid) i.* FROM item AS i WHERE i.ends ORDER BY i.tid),
        gone AS (DELETE FROM o365_internal.outbox AS o WHERE o.ctid = ANY (ARRAY(SELECT e.tid FROM ending AS e))),   -- (!) by ctid: a join flips
        kept AS (
            INSERT INTO o365_internal.delivery (card_id, subscription_id, outcome, reason, event, enqueued_at, claimed_at,
                                                lease_no, worker, rule_id, http_status, retry_after_s, took_ms)
            SELECT e.card_id, e.s, e.outcome, e.problem, e.event, e.enqueued_at, e.claimed_at,
                   e.l, worker_report.worker, e.rule_id, e.status, e.retry_after, e.took FROM ending AS e)
        SELECT array_agg(e.s), array_agg(e.p), array_agg(e.n), array_agg(e.outcome), count(*) INTO v_s, v_p, v_n, v_outcome, ended FROM ending AS e;
        WITH done AS MATERIALIZED (
            SELECT u.s, array_agg(u.p) AS ps, max(u.p) AS last, max(u.n) FILTER (WHERE u.outcome IN ('delivered', 'accepted')) AS arrived,
                   array_agg(u.n) FILTER (WHERE u.outcome = 'dead') AS dead
              FROM unnest(v_s, v_p, v_n, v_outcome) AS u(s, p, n, outcome) GROUP BY 1),
        lane AS MATERIALIZED (
            SELECT h.s, h.tid, h.released, la.cursor, la.late, coalesce(d.ps, '{}') AS ps, greatest(d.last, la.cursor) AS last,
                   d.arrived IS NOT NULL AS arrived,
                   (SELECT count(*) FROM unnest(d.dead) AS n WHERE n > coalesce(d.arrived, 0) AND h.s <> ALL (v_renewed)) AS dead
            FROM unnest(v_held, v_held_tid, v_released) AS h(s, tid, released)
            CROSS JOIN LATERAL (SELECT x.cursor, x.late FROM o365_internal.lane AS x WHERE x.ctid = h.tid) AS la
            LEFT JOIN LATERAL (SELECT * FROM done WHERE done.s = h.s LIMIT 1) AS d ON true),
        fed AS MATERIALIZED (SELECT f.snap, EXISTS (SELECT 1 FROM o365_internal.handing) AS bulk FROM o365_internal.fed AS f ORDER BY f.n DESC LIMIT 1),
        rest AS MATERIALIZED (
            SELECT l.*, ARRAY(
                SELECT v FROM unnest(l.late) AS v WHERE v <> ALL (l.ps)
                   -- A card whose row an operator has deleted is nobody's any more.
                   AND EXISTS (SELECT 1 FROM o365_internal.outbox AS o WHERE o.subscription_id = l.s AND o.position = v)
                UNION (SELECT o.position FROM o365_internal.outbox AS o
                 WHERE o.subscription_id = l.s AND o.position > l.cursor AND o.position < l.last   -- (!) committed meanwhile, below the new cursor
                   -- (!) What is not fed yet feeding hands over, all of a transaction: here its first card may be past already.
                   AND (pg_visible_in_snapshot(o.xid, (SELECT fed.snap FROM fed))
                        OR o.xid = ANY ((SELECT CASE WHEN fed.bulk THEN o365_internal.handed_over(l.s) END FROM fed)::xid8[]))
                 ORDER BY o.position LIMIT 101)
                ORDER BY 1) AS lt FROM lane AS l)
        UPDATE o365_internal.lane AS la
           SET cursor = CASE WHEN cardinality(r.lt) > 100 THEN r.lt[1] - 1 ELSE r.last END,
               late = CASE WHEN cardinality(r.lt) <= 100 THEN nullif(r.lt, '{}') END,
               worker = CASE WHEN NOT r.released THEN la.worker END,
               lease_until = CASE WHEN NOT r.released THEN la.lease_until END,
               trying = CASE WHEN r.ps = '{}' THEN la.trying END,
               tried_at = CASE WHEN r.ps = '{}' THEN la.tried_at END,
               failures = CASE WHEN r.ps = '{}' THEN la.failures ELSE 0 END,
               failing_since = CASE WHEN r.ps = '{}' THEN la.failing_since END,
               unclear = CASE WHEN r.ps = '{}' THEN la.unclear ELSE 0 END,
               throttles = CASE WHEN r.ps = '{}' THEN la.throttles ELSE 0 END,
               throttled_since = CASE WHEN r.ps = '{}' THEN la.throttled_since END,
               gone_since = CASE WHEN r.ps = '{}' THEN la.gone_since END,
               useless_since = CASE WHEN r.ps = '{}' THEN la.useless_since END,
               dead_in_a_row = CASE WHEN r.arrived THEN 0 ELSE la.dead_in_a_row END + r.dead::integer,
               problem = CASE WHEN r.ps = '{}' THEN la.problem END,
               next_at = CASE WHEN NOT r.released THEN la.next_at
                              WHEN la.hold IS NULL AND (r.lt <> '{}'
                                   -- What is not fed yet wakes the lane when it is.
                                   OR EXISTS (SELECT 1 FROM o365_internal.outbox AS o
                                               WHERE o.subscription_id = r.s AND o.position > r.last
                                                 AND (pg_visible_in_snapshot(o.xid, (SELECT fed.snap FROM fed))
                                                      OR o.xid = ANY ((SELECT CASE WHEN fed.bulk THEN o365_internal.handed_over(r.s) END FROM fed)::xid8[]))))
                              THEN clock_timestamp() END
          FROM rest AS r WHERE la.ctid = r.tid;
        -- Few: lanes whose last card did not reach its end. One that has another webhook by now is due at once and was not charged;
        -- a lost answer is the card's: it may have been shown.
        FOR v_item IN
            SELECT u.s, u.l, u.p, u.outcome, u.status, u.retry_after, u.problem
              FROM unnest(subs, leases, positions, outcomes, http_statuses, retry_after_s, problems) AS u(s, l, p, outcome, status, retry_after, problem)
             WHERE v_held_lease[array_position(v_held, u.s)] = u.l AND u.outcome NOT IN ('delivered', 'accepted', 'dead', 'cancelled')
               AND (u.outcome = 'in_doubt' OR u.s <> ALL (v_renewed))
        LOOP
            ended := ended + o365_internal.card_failed(v_item.s, v_item.l, v_item.p, v_item.outcome, v_item.status, v_item.retry_after,
                                                       v_item.problem);
        END LOOP;
    END IF;
    -- Seldom: a report that was committed, but its answer was lost, comes again.
    SELECT count(*) INTO v_expected FROM unnest(subs, outcomes) AS u(s, outcome)
     WHERE u.outcome IN ('delivered', 'accepted', 'dead', 'cancelled') AND u.s <> ALL (busy);
    IF ended < v_expected THEN
        SELECT count(*) INTO known FROM unnest(subs, leases, positions, outcomes) AS u(s, l, p, outcome)
         WHERE u.outcome IN ('delivered', 'accepted', 'dead', 'cancelled') AND u.s <> ALL (busy)
           AND NOT EXISTS (SELECT 1 FROM unnest(v_s, v_p) AS e(s, p) WHERE e.s = u.s AND e.p = u.p)
           AND EXISTS (SELECT 1 FROM o365_internal.delivery AS d
                        WHERE d.card_id = u.p AND d.at > now() - interval '1 day'
                          AND d.subscription_id = u.s AND d.lease_no = u.l AND d.worker = worker_report.worker);
    END IF;
END $$;
COMMENT ON FUNCTION o365_programs.worker_report(integer, bigint[], bigint[], bigint[], text[], integer[], integer[], integer[], integer[],
                                       text[], bigint[], bigint[], boolean[], integer[]) IS
    'Reports claimed lanes: ends cards and writes history, and gives back those lanes that are released, which sets when they '
    'are next due. One element per POST (or end without one) in the arrays up to problems, a card that did not reach its end '
    'last of its lane and only with its release; lane_subs, lane_leases, releases and secret_versions name every lane. ended: how many '
    'cards ended. busy: lanes that another transaction has locked: nothing was done for them, report them again. A lane that is not '
    'leased to this worker under this number any more is left alone, so a report may be repeated. known: how many of the ends an earlier report of the '
    'same lease has brought already. Unknown outcomes count as retry; cannot_open and held ask for another look, after '
    'retry_after_s or half a minute, and count as no failure. secret_versions: of the webhooks that were posted to, null where there was no POST. Where the lane was '
    'renewed since, only the cards'' ends and lost answers count; the lane is due at once.';

CREATE OR REPLACE FUNCTION o365_internal.end_cards(outcomes text[], reasons text[], tids tid[], claims timestamptz[]) RETURNS integer
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
    v_ended integer;
BEGIN
    IF tids IS NULL THEN
        RETURN 0;
    END IF;
    -- The outcomes are looked up by ctid before the rows go: ORDER of what DELETE returns is nobody's promise.
    WITH ending AS MATERIALIZED (
        SELECT DISTINCT ON (u.tid) o.card_id, o.subscription_id, o.event, o.enqueued_at, u.outcome, u.reason, u.tid,
               u.claimed_at FROM unnest(outcomes, reasons, tids, claims) AS u(outcome, reason, tid, claimed_at)
          CROSS JOIN LATERAL (SELECT x.card_id, x.subscription_id, x.event, x.enqueued_at FROM o365_internal.outbox AS x
                               WHERE x.ctid = u.tid) AS o ORDER BY u.tid),
    gone AS (DELETE FROM o365_internal.outbox AS o WHERE o.ctid = ANY (tids) RETURNING 1),                 -- (!) by ctid: a join flips
    kept AS (INSERT INTO o365_internal.delivery (card_id, subscription_id, outcome, reason, event, enqueued_at, claimed_at)
             SELECT e.card_id, e.subscription_id, e.outcome, e.reason, e.event, e.enqueued_at, e.claimed_at FROM ending AS e RETURNING 1)
    SELECT count(*) INTO v_ended FROM kept;
    RETURN v_ended;
END $$;
COMMENT ON FUNCTION o365_internal.end_cards(text[], text[], tid[], timestamptz[]) IS
    'Moves cards from the outbox to the history with their outcomes and when they were first claimed, each once. The caller holds their lanes, so nobody else '
    'can end them. Returns how many.';

CREATE OR REPLACE FUNCTION o365_internal.card_failed(
    subscription_id bigint, lease_no bigint, "position" bigint, outcome text, http_status integer, retry_after integer, problem text)
RETURNS integer
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
    c_tries CONSTANT integer := 3;   -- of the second card in a row that fails, before the webhook is to blame
    v_now timestamptz := clock_timestamp();
    v_lane o365_internal.lane;
    v_policy text;
    v_first double precision := o365_internal.integer_setting('retry_first_seconds');
    v_cap double precision := o365_internal.integer_setting('retry_cap_seconds');
    v_wait double precision;
    v_idle interval;
    v_give_up interval := make_interval(hours => o365_internal.integer_setting('give_up_hours'));
    v_ends_as text;
    v_reason text;
    v_tid tid;
BEGIN
    IF outcome IN ('cannot_open', 'held') THEN
        -- The worker's trouble, not the webhook's: another worker, or this one when it has the right key file, its proxy or
        -- a transfer for that host, delivers it.
        UPDATE o365_internal.lane AS l
           SET next_at = v_now + make_interval(secs => coalesce(retry_after, 30)), problem = card_failed.problem
         WHERE l.subscription_id = card_failed.subscription_id AND l.lease_no = card_failed.lease_no AND l.hold IS NULL;
        RETURN 0;
    END IF;
    SELECT s.in_doubt_policy INTO v_policy FROM o365_internal.subscription AS s
     WHERE s.subscription_id = card_failed.subscription_id;
    -- What is counted belongs to the card. Throttling is no failure, and the time that it took does not count; nor does
    -- time in which nothing was tried: between cards, during a pause, while no worker ran.
    v_idle := (SELECT CASE WHEN l.throttled_since IS NULL AND l.claimed_at > l.tried_until
                           THEN l.claimed_at - l.tried_until ELSE interval '0' END
                 FROM o365_internal.lane AS l
                WHERE l.subscription_id = card_failed.subscription_id AND l.lease_no = card_failed.lease_no);
    UPDATE o365_internal.lane AS l
       SET trying = card_failed.position,
           tried_at = CASE WHEN l.trying = card_failed.position THEN coalesce(l.tried_at, l.claimed_at) ELSE l.claimed_at END,
           failures = CASE WHEN l.trying = card_failed.position THEN l.failures ELSE 0 END + (card_failed.outcome <> 'throttled')::integer,
           failing_since = CASE WHEN card_failed.outcome = 'throttled'
                                THEN CASE WHEN l.trying = card_failed.position THEN l.failing_since + v_idle END
                                WHEN l.trying = card_failed.position
                                THEN coalesce(l.failing_since + coalesce(v_now - l.throttled_since, v_idle), v_now)
                                ELSE v_now END,
           unclear = CASE WHEN l.trying = card_failed.position THEN l.unclear ELSE 0 END + (card_failed.outcome = 'in_doubt')::integer,
           throttles = CASE WHEN card_failed.outcome = 'throttled' THEN l.throttles + 1 ELSE 0 END,
           throttled_since = CASE WHEN card_failed.outcome = 'throttled' THEN coalesce(l.throttled_since, v_now) END,
           useless_since = CASE WHEN card_failed.outcome = 'throttled' THEN l.useless_since + v_idle
                                ELSE coalesce(l.useless_since + coalesce(v_now - l.throttled_since, v_idle), v_now) END,
           gone_since = CASE WHEN card_failed.outcome = 'gone' THEN coalesce(l.gone_since + v_idle, v_now) END,
           tried_until = v_now,
           problem = coalesce(card_failed.problem, card_failed.outcome)
     WHERE l.subscription_id = card_failed.subscription_id AND l.lease_no = card_failed.lease_no RETURNING l.* INTO v_lane;
    IF outcome = 'suspend' THEN
        PERFORM o365_internal.hold(subscription_id, 'suspended', coalesce(problem, 'the far end refuses this webhook'));
        RETURN 0;
    END IF;
    IF outcome = 'in_doubt' AND v_policy = 'skip' THEN
        v_ends_as := 'in_doubt';
        v_reason := coalesce(problem, 'the answer was lost');
    ELSIF outcome = 'in_doubt' AND v_lane.unclear > o365_internal.integer_setting('unclear_answers') THEN
        -- Each of them may have been shown: better one card that nobody can vouch for than the same one all day.
        v_ends_as := 'in_doubt';
        v_reason := format('no clear answer to %s: %s', o365_internal.plural(v_lane.unclear, 'POST', 'POSTs'), coalesce(problem, 'the answer was lost'));
    ELSIF outcome = 'gone' AND v_now - v_lane.gone_since >= v_give_up THEN
        -- Evidence over time: nothing but this answer for as long as a card is tried. What waits is cancelled at its claim. A person's pause stands.
        PERFORM FROM o365_internal.subscription AS s WHERE s.subscription_id = card_failed.subscription_id FOR NO KEY UPDATE SKIP LOCKED;
        IF FOUND THEN
            UPDATE o365_internal.subscription AS s
               SET status = CASE WHEN s.status = 'paused' THEN s.status ELSE 'gone' END,
                   status_reason = coalesce(problem, 'the webhook does not exist any more'), status_at = now()
             WHERE s.subscription_id = card_failed.subscription_id AND s.status NOT IN ('removed', 'gone', 'retired');
            UPDATE o365_internal.lane AS l SET next_at = v_now, hold = NULL
             WHERE l.subscription_id = card_failed.subscription_id AND l.lease_no = card_failed.lease_no AND l.hold IS DISTINCT FROM 'paused';
            RETURN 0;
        END IF;
    ELSIF outcome NOT IN ('throttled', 'gone') AND v_now - v_lane.failing_since >= v_give_up THEN
        -- One of its POSTs may have arrived.
        v_ends_as := CASE WHEN v_lane.unclear > 0 THEN 'in_doubt' ELSE 'dead' END;
        v_reason := format('gave up after %s: %s', o365_internal.plural(v_lane.failures, 'try', 'tries'), coalesce(problem, outcome));
    ELSIF outcome NOT IN ('throttled', 'gone', 'in_doubt') AND v_lane.failures >= c_tries AND v_now - v_lane.useless_since >= v_give_up THEN
        -- A card was given up and the next one fares no better: it is the webhook, and the cards behind wait in place of dying one a day.
        PERFORM o365_internal.hold(subscription_id, 'suspended', format('no card has arrived since %s: %s',
            to_char(v_lane.useless_since, 'YYYY-MM-DD HH24:MI'), coalesce(problem, outcome)));
        RETURN 0;
    END IF;
    IF v_ends_as IS NULL THEN
        -- Exponential with jitter between half and the whole of the step; what the far end asked for is the least. After a lost answer the steps are
        -- longer: each POST may be shown, and an outage of minutes should not use all of them up.
        v_wait := CASE WHEN outcome = 'throttled' THEN v_first * power(2, least(v_lane.throttles - 1, 30))
                       WHEN outcome = 'in_doubt' AND coalesce(http_status, 0) NOT BETWEEN 200 AND 299 THEN v_first * power(12, least(v_lane.unclear - 1, 8))
                       ELSE v_first * power(2, least(v_lane.failures - 1, 30)) END;
        v_wait := least(v_cap, v_wait) * (0.5 + random() / 2);
        v_wait := greatest(v_wait, least(coalesce(retry_after, 0), 86400));
        UPDATE o365_internal.lane AS l
           SET next_at = CASE WHEN l.hold IS NULL THEN v_now + make_interval(secs => v_wait) ELSE l.next_at END,
               tried_until = v_now + make_interval(secs => v_wait)
         WHERE l.subscription_id = card_failed.subscription_id AND l.lease_no = card_failed.lease_no;
        RETURN 0;
    END IF;
    SELECT o.ctid INTO v_tid FROM o365_internal.outbox AS o
     WHERE o.subscription_id = card_failed.subscription_id AND o.position = card_failed.position;
    UPDATE o365_internal.lane AS l
       SET trying = NULL, tried_at = NULL, failures = 0, failing_since = NULL, unclear = 0, problem = NULL,
           -- It may have arrived: that is no evidence against the webhook.
           useless_since = CASE WHEN v_ends_as = 'dead' THEN l.useless_since END,
           dead_in_a_row = l.dead_in_a_row + (v_ends_as = 'dead')::integer,
           late = nullif(array_remove(l.late, card_failed.position), '{}'),
           next_at = CASE WHEN l.hold IS NULL THEN v_now END
     WHERE l.subscription_id = card_failed.subscription_id AND l.lease_no = card_failed.lease_no;
    RETURN CASE WHEN v_tid IS NULL THEN 0
        ELSE o365_internal.end_cards(ARRAY[v_ends_as], ARRAY[v_reason], ARRAY[v_tid], ARRAY[v_lane.tried_at]) END;
END $$;
COMMENT ON FUNCTION o365_internal.card_failed(bigint, bigint, bigint, text, integer, integer, text) IS
    'The first card of a lane did not reach its end: decides between a later try, giving up, ending it in doubt, suspending the webhook and calling it '
    'gone. Returns how many cards ended, 0 or 1. Waits for no lock: the caller has the lane, and what others have locked is decided later.';
