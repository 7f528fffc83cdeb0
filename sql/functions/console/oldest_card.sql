CREATE OR REPLACE FUNCTION o365.oldest_card()
RETURNS TABLE (card_id bigint, subscription_id bigint, app_user text, enqueued_at timestamptz, why text,
    until timestamptz, reason text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT o.card_id, o.subscription_id, l.app_user, o.enqueued_at, l.why, l.until,
               CASE WHEN o.card_id = l.first_card THEN l.reason
                    ELSE format('behind card %s: %s', l.first_card, l.reason) END
      FROM (SELECT x.card_id, x.subscription_id, x.enqueued_at FROM o365_internal.outbox AS x
             ORDER BY x.xid LIMIT 1) AS o
      JOIN o365_internal.lane_now AS l ON l.subscription_id = o.subscription_id;
END $$;
COMMENT ON FUNCTION o365.oldest_card() IS
    'The card that has waited longest and why, as o365.cards says it; no row: none waits.';
