CREATE OR REPLACE FUNCTION o365_internal.fed_cards(subscription_id bigint, most integer)
RETURNS TABLE (tid tid, "position" bigint, card_id bigint, card text, extra jsonb, ends text[], was_aside boolean)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
        WITH fed AS MATERIALIZED (SELECT f.snap, EXISTS (SELECT 1 FROM o365_internal.handing) AS bulk
                                    FROM o365_internal.fed AS f ORDER BY f.n DESC LIMIT 1)
        SELECT o.ctid, o.position, o.card_id, o.card, o.extra,
               CASE WHEN o.cancel_reason IS NOT NULL THEN ARRAY['cancelled', o.cancel_reason]
                    WHEN o.event = ANY (s.unwanted_events)
                    THEN ARRAY['cancelled', 'its user does not want this event']
                    WHEN o.not_after IS NOT NULL OR o.collapse_key IS NOT NULL
                    THEN o365_internal.option_end(o.subscription_id, o.position, o.card_id, o.not_after,
                             o.collapse_key, (SELECT fed.snap FROM fed), (SELECT fed.bulk FROM fed)) END,
               EXISTS (SELECT FROM o365_internal.set_aside AS a
                        WHERE a.subscription_id = o.subscription_id AND a.position = o.position)
          FROM o365_internal.outbox AS o
         CROSS JOIN LATERAL (SELECT x.unwanted_events FROM o365_internal.subscription AS x
                              WHERE x.subscription_id = o.subscription_id LIMIT 1) AS s
         WHERE o.subscription_id = fed_cards.subscription_id AND o.position > 0
           AND (pg_visible_in_snapshot(o.xid, (SELECT fed.snap FROM fed))
                OR o.xid = ANY ((SELECT CASE WHEN fed.bulk
                                             THEN o365_internal.handed_over(fed_cards.subscription_id) END
                                   FROM fed)::xid8[]))
         ORDER BY o.position LIMIT most;
END $$;
COMMENT ON FUNCTION o365_internal.fed_cards(bigint, integer) IS
    'The first cards of a lane that rounds of arrivals have handed to it, test and urgent cards aside, at most that '
    'many, in order. ends: outcome and reason of one that ends without a POST, as worker_cards has it but for what it '
    'says of a card that may have been shown; else null. was_aside: whether it was set aside, and may have been shown.';
