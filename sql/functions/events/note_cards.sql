CREATE OR REPLACE FUNCTION o365_internal.note_cards(
    subscription_ids bigint[], card_ids bigint[], outcomes text[], reasons text[]) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
BEGIN
    WITH noted AS (
        INSERT INTO o365_internal.event AS e (kind, actor, connector_id, subscription_id, card_id, detail, reason)
            SELECT 'card_not_delivered', 'worker', s.connector_id, u.subscription_id, u.card_id, u.outcome, u.reason
              FROM unnest(subscription_ids, card_ids, outcomes, reasons) AS u (subscription_id, card_id, outcome,
                  reason)
             CROSS JOIN LATERAL (SELECT x.connector_id FROM o365_internal.subscription AS x
                                  WHERE x.subscription_id = u.subscription_id LIMIT 1) AS s
            RETURNING e.event_id, e.at, e.connector_id)
    INSERT INTO o365_internal.untaken_event (event_id, at, connector_id)
        SELECT n.event_id, n.at, n.connector_id FROM noted AS n;
END $$;
COMMENT ON FUNCTION o365_internal.note_cards(bigint[], bigint[], text[], text[]) IS
    'Writes an event card_not_delivered for each card that ended as dead, in_doubt, expired or cancelled, and puts it '
    'into the feed. Test cards have none: whoever asked for one looks at it. Never called for a card that arrived.';
