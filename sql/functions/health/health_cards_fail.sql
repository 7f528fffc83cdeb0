CREATE OR REPLACE FUNCTION o365_internal.health_cards_fail() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Lanes that wait for their far end (hosts_failing), a worker or a key are left out.
    WITH lanes AS MATERIALIZED (
        SELECT l.subscription_id, h.name, l.problem, l.failures, l.failing_since
          FROM o365_internal.lane AS l
          JOIN o365_internal.host AS h ON h.host_id = l.host_id
         WHERE l.problem IS NOT NULL AND l.failures >= 3 AND l.blocked IS NULL AND h.failing_since IS NULL
         ORDER BY l.failures DESC LIMIT 500)
    SELECT 'host ' || l.name,
           format('%s%s at a card that failed three times or more, the worst %s times: %s',
                  CASE WHEN (SELECT count(*) FROM lanes) = 500 THEN 'at least ' END,
                  o365_internal.plural(count(*), 'connection waits', 'connections wait'), max(l.failures), l.problem),
           format('select * from o365.posts where subscription_id = %s limit 5',
                  (array_agg(l.subscription_id ORDER BY l.failures DESC, l.subscription_id))[1]),
           min(l.failing_since), count(*),
           'subscription ' || (array_agg(l.subscription_id ORDER BY l.failures DESC, l.subscription_id))[1]
      FROM lanes AS l
     GROUP BY l.name, l.problem $$;
COMMENT ON FUNCTION o365_internal.health_cards_fail() IS
    'Connections whose next card failed three times or more: by host and reason, 500 of them.';
