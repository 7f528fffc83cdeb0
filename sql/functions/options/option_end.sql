CREATE OR REPLACE FUNCTION o365_internal.option_end(
    subscription_id bigint, "position" bigint, card_id bigint, not_after timestamptz, collapse_key text,
    snap pg_snapshot, is_bulk boolean) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_variable
DECLARE
    v_unclear integer;
    v_newer bigint;
BEGIN
    v_unclear := o365_internal.unclear_posts(subscription_id, position);
    IF not_after <= clock_timestamp() THEN
        RETURN ARRAY['expired', o365_internal.with_doubt(
            'it was to leave by ' || to_char(not_after AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"'), v_unclear)];
    END IF;
    -- A card that may have been shown is not replaced: it is posted until that is known, or ends as in_doubt.
    IF collapse_key IS NULL OR v_unclear > 0 THEN
        RETURN NULL;
    END IF;
    v_newer := (SELECT n.card_id FROM o365_internal.collapse AS n
                 WHERE n.subscription_id = subscription_id AND n.key = collapse_key AND n.card_id > card_id
                   AND (EXISTS (SELECT FROM o365_internal.outbox AS o
                                 WHERE o.card_id = n.card_id AND o.cancel_reason IS NULL
                                   AND (pg_visible_in_snapshot(o.xid, snap)
                                        OR is_bulk AND o.xid = ANY (o365_internal.handed_over(subscription_id))))
                        -- An urgent card has left before this one, and so has a card that is part of a digest.
                        OR EXISTS (SELECT FROM o365_internal.delivery AS d
                                    WHERE d.card_id = n.card_id
                                      AND d.outcome IN ('delivered', 'accepted', 'in_doubt', 'digested')))
                 ORDER BY n.card_id DESC LIMIT 1);
    RETURN CASE WHEN v_newer IS NOT NULL THEN ARRAY['superseded', format('card %s replaced it', v_newer)] END;
END $$;
COMMENT ON FUNCTION o365_internal.option_end(bigint, bigint, bigint, timestamptz, text, pg_snapshot, boolean) IS
    'Whether a card that was claimed ends by its options, without a POST: outcome and reason; null when it may be '
    'posted. snap: of the last round of arrivals; is_bulk: whether transactions are handed over in parts just now. '
    'Asked for cards that have not_after or a collapse key.';
