CREATE OR REPLACE FUNCTION o365_internal.health_answers_unclear() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'host ' || h.name,
           format('%s a card that was posted twice or more without a clear answer: %s',
                  o365_internal.plural(count(*), 'connection has', 'connections have'), max(l.problem)),
           CASE WHEN s.dialect = 'workflow'
                THEN 'The flow answers later than the limit: let its owner remove its Response step, or raise '
                     'post_timeout_seconds with o365.set.'
                ELSE format('select * from o365.posts where subscription_id = %s limit 5', max(l.subscription_id)) END,
           min(l.tried_at), count(*), 'subscription ' || max(l.subscription_id)
      FROM (SELECT x.host_id, x.subscription_id, x.problem, x.tried_at FROM o365_internal.lane AS x
             WHERE x.unclear >= 2 LIMIT 2000) AS l
      JOIN o365_internal.subscription AS s ON s.subscription_id = l.subscription_id
      JOIN o365_internal.host AS h ON h.host_id = l.host_id
     GROUP BY h.name, s.dialect $$;
COMMENT ON FUNCTION o365_internal.health_answers_unclear() IS
    'Connections whose next card was posted without an answer that tells whether it arrived.';
