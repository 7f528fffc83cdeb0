CREATE OR REPLACE FUNCTION o365_internal.fed_cards(subscription_id bigint, most integer)
RETURNS TABLE (tid tid, "position" bigint, card_id bigint, card text, event text, extra jsonb, is_alone boolean)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
        WITH fed AS MATERIALIZED (SELECT f.snap, EXISTS (SELECT 1 FROM o365_internal.handing) AS bulk
                                    FROM o365_internal.fed AS f ORDER BY f.n DESC LIMIT 1)
        SELECT o.ctid, o.position, o.card_id, o.card, o.event, o.extra,
               o.cancel_reason IS NOT NULL
                   OR EXISTS (SELECT FROM o365_internal.set_aside AS a
                               WHERE a.subscription_id = o.subscription_id AND a.position = o.position)
                   OR (o.not_after IS NOT NULL OR o.collapse_key IS NOT NULL)
                      AND o365_internal.option_end(o.subscription_id, o.position, o.card_id, o.not_after,
                              o.collapse_key, (SELECT fed.snap FROM fed), (SELECT fed.bulk FROM fed)) IS NOT NULL
          FROM o365_internal.outbox AS o
         WHERE o.subscription_id = fed_cards.subscription_id AND o.position > 0
           AND (pg_visible_in_snapshot(o.xid, (SELECT fed.snap FROM fed))
                OR o.xid = ANY ((SELECT CASE WHEN fed.bulk
                                             THEN o365_internal.handed_over(fed_cards.subscription_id) END
                                   FROM fed)::xid8[]))
         ORDER BY o.position LIMIT most;
END $$;
COMMENT ON FUNCTION o365_internal.fed_cards(bigint, integer) IS
    'The first cards of a lane that rounds of arrivals have handed to it, test and urgent cards aside, at most that '
    'many, in order. is_alone: whether it is no part of a digest, because it ends without a POST or may have been '
    'shown.';
