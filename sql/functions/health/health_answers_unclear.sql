CREATE OR REPLACE FUNCTION o365_internal.health_answers_unclear() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH lanes AS MATERIALIZED (
        SELECT s.webhook_host, s.dialect, l.subscription_id, l.problem, l.tried_at
          FROM (SELECT l.subscription_id, l.problem, l.tried_at FROM o365_internal.lane AS l WHERE l.unclear >= 2
                 LIMIT 2000) AS l
          JOIN o365_internal.subscription AS s ON s.subscription_id = l.subscription_id)
    SELECT 'host ' || h.host,
           format('%s a card that was posted twice or more without a clear answer: %s',
                  o365_internal.plural(count(*), 'connection has', 'connections have'), max(l.problem)),
           CASE WHEN l.dialect = 'workflow'
                THEN 'The flow answers later than the limit: let its owner remove its Response step, or raise '
                     'post_timeout_seconds with o365.set.'
                ELSE format('select * from o365.posts where subscription_id = %s limit 5', max(l.subscription_id)) END,
           min(l.tried_at), count(*), 'subscription ' || max(l.subscription_id)
      FROM lanes AS l
      JOIN o365_internal.allowed_hosts(ARRAY(SELECT n.webhook_host FROM lanes AS n)) AS h
          ON h.webhook_host = l.webhook_host
     GROUP BY h.host, l.dialect $$;
COMMENT ON FUNCTION o365_internal.health_answers_unclear() IS
    'Connections whose next card was posted without an answer that tells whether it arrived.';
