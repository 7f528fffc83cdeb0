CREATE OR REPLACE FUNCTION o365_internal.health_cards_all_dead() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'host ' || h.name,
           format('the last %s cards or more ended as dead at %s, and none arrived since', min(l.dead_in_a_row),
                  o365_internal.plural(count(*), 'connection', 'connections')),
           format('select * from o365.posts where subscription_id = %1$s limit 5; if no card can arrive: select '
                  'o365.pause(%1$s)',
                  max(l.subscription_id)),
           NULL::timestamptz, count(*), 'subscription ' || max(l.subscription_id)
      FROM (SELECT x.host_id, x.subscription_id, x.dead_in_a_row FROM o365_internal.lane AS x
             WHERE x.dead_in_a_row >= 10 LIMIT 2000) AS l
      JOIN o365_internal.host AS h ON h.host_id = l.host_id
     GROUP BY h.name $$;
COMMENT ON FUNCTION o365_internal.health_cards_all_dead() IS
    'Connections whose last ten cards or more ended as dead, whatever the answers said.';
