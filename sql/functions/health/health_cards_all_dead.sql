CREATE OR REPLACE FUNCTION o365_internal.health_cards_all_dead() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH lanes AS MATERIALIZED (
        SELECT s.webhook_host, l.subscription_id, l.dead_in_a_row
          FROM (SELECT l.subscription_id, l.dead_in_a_row FROM o365_internal.lane AS l
                 WHERE l.dead_in_a_row >= 10 LIMIT 2000) AS l
          JOIN o365_internal.subscription AS s ON s.subscription_id = l.subscription_id)
    SELECT 'host ' || h.host,
           format('the last %s cards or more ended as dead at %s, and none arrived since', min(l.dead_in_a_row),
                  o365_internal.plural(count(*), 'connection', 'connections')),
           format('select * from o365.posts where subscription_id = %1$s limit 5; if no card can arrive: select '
                  'o365.pause(%1$s)',
                  max(l.subscription_id)),
           NULL::timestamptz, count(*), 'subscription ' || max(l.subscription_id)
      FROM lanes AS l
      JOIN o365_internal.allowed_hosts(ARRAY(SELECT n.webhook_host FROM lanes AS n)) AS h
          ON h.webhook_host = l.webhook_host
     GROUP BY h.host $$;
COMMENT ON FUNCTION o365_internal.health_cards_all_dead() IS
    'Connections whose last ten cards or more ended as dead, whatever the answers said.';
