CREATE OR REPLACE FUNCTION o365_internal.move_scheduled(fed_at timestamptz) RETURNS integer
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
DECLARE
    c_cards CONSTANT integer := 1000;
    v_now timestamptz := clock_timestamp();
    -- Once a second this reads all due rows, otherwise only those that became due since the last round, because an open
    -- transaction keeps the rows that were moved before in the index. A row that was committed late is found within
    -- that second.
    v_low timestamptz := CASE WHEN date_trunc('second', fed_at) = date_trunc('second', v_now)
                              THEN fed_at - interval '10 seconds' ELSE '-infinity' END;
    v_tids tid[];
BEGIN
    v_tids := ARRAY(SELECT s.ctid FROM o365_internal.scheduled AS s WHERE s.due_at >= v_low AND s.due_at <= v_now
                     ORDER BY s.due_at LIMIT c_cards FOR UPDATE SKIP LOCKED);
    IF v_tids = '{}' THEN
        RETURN 0;
    END IF;
    WITH moved AS (DELETE FROM o365_internal.scheduled AS s WHERE s.ctid = ANY (v_tids) RETURNING s.*)
    INSERT INTO o365_internal.outbox (card_id, position, subscription_id, card, event, extra, not_after, collapse_key,
                                      enqueued_at)
        SELECT m.card_id, coalesce(m.position, CASE WHEN m.urgent THEN m.card_id + o365_internal.tests_below()
                                                    ELSE nextval('o365_internal.card_id') END), m.subscription_id,
               m.card, m.event, m.extra, m.not_after, m.collapse_key, m.enqueued_at
          FROM (SELECT * FROM moved ORDER BY moved.due_at, moved.card_id) AS m;
    RETURN cardinality(v_tids);
END $$;
COMMENT ON FUNCTION o365_internal.move_scheduled(timestamptz) IS
    'Moves up to 1,000 scheduled cards whose time has come into the outbox, each at the end of its lane, and those '
    'that were set aside at the place that they had; returns how many. The next round of arrivals hands them over. '
    'fed_at: when the last round was. One that somebody has locked is left to a later round. The caller has locked '
    'turn_to_feed.';
