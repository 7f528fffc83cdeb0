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
        -- Lanes that were skipped; if there are very many, any part of them.
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
    -- Cards that fed.snap shows stay fed, whichever history their id belongs to.
    SELECT count(*), array_agg(o.tid) FILTER (WHERE NOT o.fed), array_agg(o.s) FILTER (WHERE NOT o.fed),
           ARRAY(SELECT v_at.lane UNION SELECT unnest(array_agg(o.s))),
           (array_agg(o.s ORDER BY o.s DESC, o.p DESC))[1], (array_agg(o.p ORDER BY o.s DESC, o.p DESC))[1]
      INTO v_n, v_cards, v_cards_of, v_lanes, v_s, v_p
      FROM (SELECT o.ctid AS tid, o.subscription_id AS s, o.position AS p, pg_visible_in_snapshot(o.xid, v_snap) AS fed
              FROM o365_internal.outbox AS o WHERE (o.subscription_id, o.position) > (v_at.lane, v_at.position)
             ORDER BY o.subscription_id, o.position LIMIT c_cards) AS o;
    -- The last lane may have more cards than were read.
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
