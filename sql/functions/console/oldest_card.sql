CREATE OR REPLACE FUNCTION o365.oldest_card()
RETURNS TABLE (card_id bigint, subscription_id bigint, app_user text, enqueued_at timestamptz, why text,
    until timestamptz, reason text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET jit = off AS $$
#variable_conflict use_column
DECLARE
    c_most CONSTANT integer := 1000;
    v_oldest record;
BEGIN
    -- There is no index on the age of cards, because every card would pay for it. The card that was sent first has the
    -- lowest number, even in a restored database, and after it was set aside. A scheduled card waits since it was due,
    -- whatever its number: such cards are found by their transaction. (!) But not by the transaction id of digests and
    -- of cards that were handed over again, which has no meaning.
    SELECT x.card_id, x.subscription_id, x.enqueued_at, x.is_scheduled INTO v_oldest
      FROM ((SELECT o.card_id, o.subscription_id, o.enqueued_at, false AS is_scheduled FROM o365_internal.outbox AS o
              ORDER BY o.card_id LIMIT c_most)
            UNION ALL
            (SELECT o.card_id, o.subscription_id, o.enqueued_at, false FROM o365_internal.outbox AS o
              WHERE o.xid > '3' ORDER BY o.xid LIMIT c_most)
            UNION ALL
            (SELECT s.card_id, s.subscription_id, s.enqueued_at, true FROM o365_internal.scheduled AS s
              WHERE s.position IS NOT NULL ORDER BY s.enqueued_at LIMIT 1)
            UNION ALL
            (SELECT s.card_id, s.subscription_id, s.enqueued_at, true FROM o365_internal.scheduled AS s
              WHERE s.due_at <= now() ORDER BY s.due_at LIMIT 1)) AS x
     ORDER BY x.enqueued_at, x.card_id LIMIT 1;
    IF v_oldest.is_scheduled THEN
        RETURN QUERY SELECT v_oldest.card_id, v_oldest.subscription_id, s.app_user, v_oldest.enqueued_at, w.why,
                            w.until, w.reason
                       FROM o365_internal.subscription AS s
                      CROSS JOIN o365_internal.wait_of_scheduled(v_oldest.card_id) AS w
                      WHERE s.subscription_id = v_oldest.subscription_id;
    ELSE
        RETURN QUERY SELECT v_oldest.card_id, v_oldest.subscription_id, l.app_user, v_oldest.enqueued_at, l.why,
                            l.until,
                            CASE WHEN v_oldest.card_id = l.first_card THEN l.reason
                                 ELSE format('behind card %s: %s', l.first_card, l.reason) END
                       FROM o365_internal.lane_now AS l WHERE l.subscription_id = v_oldest.subscription_id;
    END IF;
END $$;
COMMENT ON FUNCTION o365.oldest_card() IS
    'The card that has waited longest and why, as o365.cards says it; one that was set aside counts from when it was '
    'sent, one that was scheduled from when it was due. No row: none waits.';
