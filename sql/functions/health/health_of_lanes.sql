CREATE OR REPLACE FUNCTION o365_internal.health_of_lanes(fails boolean) RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH lanes AS MATERIALIZED (
        SELECT l.subscription_id, l.host_id, l.problem, l.failures, l.failing_since FROM o365_internal.lane AS l
         WHERE l.problem IS NOT NULL
           AND l.failures BETWEEN CASE WHEN $1 THEN 3 ELSE 0 END AND CASE WHEN $1 THEN 2147483647 ELSE 0 END
           AND ($1 OR l.next_at IS NOT NULL AND l.throttled_since IS NULL) ORDER BY l.failures DESC LIMIT 500)
    SELECT 'host ' || h.name,
           format(CASE WHEN $1 THEN '%1$s%2$s at a card that failed three times or more, the worst %4$s times: %3$s'
                       ELSE '%1$s%2$s with cards: %3$s' END,
                  CASE WHEN (SELECT count(*) FROM lanes) = 500 THEN 'at least ' END,
                  o365_internal.plural(count(*), 'connection waits', 'connections wait'), l.problem, max(l.failures)),
           CASE WHEN $1 THEN format('select * from o365.posts where subscription_id = %s limit 5',
                                    (array_agg(l.subscription_id ORDER BY l.failures DESC, l.subscription_id))[1])
                ELSE 'On the worker''s host: o365-worker keys list' END,
           min(l.failing_since), count(*),
           'subscription ' || (array_agg(l.subscription_id ORDER BY l.failures DESC, l.subscription_id))[1]
      FROM lanes AS l
      JOIN o365_internal.host AS h ON h.host_id = l.host_id
     GROUP BY h.name, l.problem $$;
COMMENT ON FUNCTION o365_internal.health_of_lanes(boolean) IS
    'Lanes whose first card fails (true), or that wait for another reason that the worker noted (false): by reason and '
    'host, 500 of them.';
