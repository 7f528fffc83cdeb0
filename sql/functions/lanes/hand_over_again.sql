CREATE OR REPLACE FUNCTION o365_internal.hand_over_again(cards tid[], cards_of bigint[], lanes bigint[])
RETURNS bigint[]
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan SET jit = off AS $$
DECLARE
    c_again CONSTANT bigint := -9223372036854775808;   -- in postponed: the whole lane anew
    v_mine bigint[];   -- lanes that this transaction has locked
    v_cards tid[];
    v_left bigint[];
    v_done bigint[];
    v_tids tid[];
BEGIN
    -- This waits for no lock, neither of an open transaction that deletes cards nor of one that has a lane.
    -- (!) Lanes before their cards: a report, which has the lane locked, ends a card by the location of its row. If the
    -- row moved in between, the card would be recorded as ended, but remain.
    v_mine := ARRAY(SELECT u.s FROM (SELECT s FROM unnest(cards_of) AS s UNION SELECT s FROM unnest(lanes) AS s) AS u
                     CROSS JOIN LATERAL (SELECT FROM o365_internal.lane AS x WHERE x.subscription_id = u.s
                                          ORDER BY x.lease_no DESC LIMIT 1 FOR UPDATE SKIP LOCKED) AS la
                    UNION ALL
                    SELECT u.s FROM (SELECT DISTINCT s FROM unnest(cards_of) AS s) AS u
                     WHERE NOT EXISTS (SELECT FROM o365_internal.lane AS x WHERE x.subscription_id = u.s));
    v_cards := ARRAY(SELECT o.tid FROM unnest(cards, cards_of) AS c (tid, s)
                      CROSS JOIN LATERAL (SELECT x.ctid AS tid FROM o365_internal.outbox AS x WHERE x.ctid = c.tid
                                             FOR UPDATE SKIP LOCKED) AS o
                      WHERE c.s = ANY (v_mine));
    -- (!) An id that every snapshot shows, of this and of every other history.
    UPDATE o365_internal.outbox AS o SET xid = '3' WHERE o.ctid = ANY (v_cards);
    v_left := CASE WHEN cardinality(v_cards) < cardinality(cards)
                   THEN ARRAY(SELECT DISTINCT c.s FROM unnest(cards, cards_of) AS c (tid, s)
                               WHERE NOT EXISTS (SELECT FROM unnest(v_cards) AS v (tid) WHERE v.tid = c.tid))
                   ELSE '{}' END;
    SELECT array_agg(l.s), array_agg(l.tid) INTO v_done, v_tids
      FROM (SELECT u.s, la.tid FROM unnest(lanes) AS u (s)
             CROSS JOIN LATERAL (SELECT x.ctid AS tid FROM o365_internal.lane AS x WHERE x.subscription_id = u.s
                                  ORDER BY x.lease_no DESC LIMIT 1 FOR UPDATE SKIP LOCKED) AS la
             WHERE u.s <> ALL (v_left)) AS l;
    -- A new lease number: a worker with a lease of the other history is refused here.
    UPDATE o365_internal.lane AS l
       -- Before the first of its test cards and urgent ones, which stand before 0.
       SET cursor = coalesce((SELECT o.position - 1 FROM o365_internal.outbox AS o
                               WHERE o.subscription_id = l.subscription_id AND o.position < 0
                               ORDER BY o.position LIMIT 1), 0),
           late = NULL,
           -- Nobody will report the POSTs of such a lease.
           lost = o365_internal.lost_posts(l),
           quota_clear = CASE WHEN l.worker IS NULL THEN l.quota_clear END,
           worker = NULL, lease_until = NULL, lease_no = l.lease_no + 1,
           next_at = CASE WHEN EXISTS (SELECT FROM o365_internal.outbox AS o
                                        WHERE o.subscription_id = l.subscription_id AND o.position < 0)
                          THEN clock_timestamp()
                          WHEN EXISTS (SELECT FROM o365_internal.outbox AS o
                                        WHERE o.subscription_id = l.subscription_id)
                          THEN nullif(greatest(clock_timestamp(), l.not_before), 'infinity') END
     WHERE l.ctid = ANY (v_tids);
    -- (!) A later round hands over the others; until then they are not claimed.
    IF coalesce(cardinality(v_done), 0) < cardinality(lanes) OR v_left <> '{}' THEN
        INSERT INTO o365_internal.postponed AS p (subscription_id, first)
            SELECT u.s, c_again FROM (SELECT s FROM unnest(lanes) AS s EXCEPT SELECT s FROM unnest(v_done) AS s
                                      UNION SELECT s FROM unnest(v_left) AS s) AS u
             WHERE EXISTS (SELECT FROM o365_internal.lane AS l WHERE l.subscription_id = u.s)
            ON CONFLICT ON CONSTRAINT postponed_pkey DO UPDATE SET first = excluded.first
             WHERE excluded.first < p.first;
    END IF;
    RETURN coalesce(v_done, '{}');
END $$;
COMMENT ON FUNCTION o365_internal.hand_over_again(tid[], bigint[], bigint[]) IS
    'Makes the cards fed whose rows are given, with the lane of each, and hands the lanes over as if all of their '
    'cards had just arrived. Returns the lanes for which that was done; those that somebody has locked, or a card of '
    'which is locked, are written into postponed. Waits for nobody.';
