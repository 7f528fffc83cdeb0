CREATE OR REPLACE FUNCTION o365_internal.link_waiting_cards() RETURNS bigint
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
    WITH linked AS (
        INSERT INTO o365_internal.card_action (card_id, subscription_id, title, actions)
            SELECT w.card_id, w.subscription_id, o365_internal.card_name(w.card), l.actions
              FROM (SELECT o.card_id, o.subscription_id, o.card AS json, o.card::jsonb AS card
                      FROM o365_internal.outbox AS o
                      JOIN o365_internal.subscription AS s ON s.subscription_id = o.subscription_id
                     WHERE s.dialect = 'workflow' AND s.status <> 'removed'
                       AND (position('"HttpPOST"' IN o.card) > 0 OR position('"ActionCard"' IN o.card) > 0)
                       AND NOT EXISTS (SELECT FROM o365_internal.card_action AS a
                                        WHERE a.card_id = o.card_id) OFFSET 0) AS w,
                   LATERAL (SELECT o365_internal.linked_actions(w.card, w.json) AS actions OFFSET 0) AS l
             WHERE l.actions IS NOT NULL
            ON CONFLICT DO NOTHING RETURNING 1
    ) SELECT count(*) FROM linked $$;
COMMENT ON FUNCTION o365_internal.link_waiting_cards() IS
    'For upgrades: keeps the actions of cards that wait and were sent before the schema knew of links, so that the '
    'links they leave with lead to their page. Returns how many cards those were, 0 when there is nothing to do.';
