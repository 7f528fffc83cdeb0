CREATE OR REPLACE FUNCTION o365_internal.health_card_actions_used_up() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- A bound below ten is meant to be reached.
    SELECT 'connector ' || c.slug,
           format('cards that were pressed %s times, after which they take no more, or nearly so often: %s, the last '
                  'is card %s',
                  b.bound, count(*), max(a.card_id)),
           format('If people press that often: select o365.set(''action_events'', ''%s''). If somebody misuses a '
                  'link: select o365.remove(%s) ends those of its connection.', least(2 * b.bound, 9999),
                  (array_agg(a.subscription_id ORDER BY a.card_id DESC))[1]),
           NULL::timestamptz, count(*), 'card ' || max(a.card_id)
      FROM (SELECT o365_internal.integer_setting('action_events') AS bound) AS b
      JOIN (SELECT p.card_id, sum(p.presses) AS presses
              FROM (SELECT k.card_id, cardinality(k.forms) FROM o365_internal.card_action AS k
                     WHERE cardinality(k.forms) > 0
                    UNION ALL
                    SELECT c.card_id, count(*) FROM o365_internal.action_call AS c GROUP BY c.card_id
                   ) AS p (card_id, presses) GROUP BY p.card_id) AS p ON 10 * p.presses >= 9 * b.bound
      JOIN o365_internal.card_action AS a ON a.card_id = p.card_id
      JOIN o365_internal.subscription AS s ON s.subscription_id = a.subscription_id
      JOIN o365_internal.connector AS c ON c.connector_id = s.connector_id
     WHERE b.bound >= 10 GROUP BY c.slug, b.bound $$;
COMMENT ON FUNCTION o365_internal.health_card_actions_used_up() IS
    'Cards that were pressed nearly as often as the setting action_events allows, on their pages and by signed calls.';
