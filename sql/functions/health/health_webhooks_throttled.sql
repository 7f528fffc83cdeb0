CREATE OR REPLACE FUNCTION o365_internal.health_webhooks_throttled() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH lanes AS MATERIALIZED (
        SELECT s.webhook_host, l.subscription_id, l.throttled_since, l.problem
          FROM (SELECT l.subscription_id, l.throttled_since, l.problem FROM o365_internal.lane AS l
                 WHERE l.throttled_since < now() - interval '5 minutes' LIMIT 2000) AS l
          JOIN o365_internal.subscription AS s ON s.subscription_id = l.subscription_id)
    SELECT 'host ' || h.host,
           format('%s throttled since %s: %s', o365_internal.plural(count(*), 'connection is', 'connections are'),
                  to_char(min(l.throttled_since), 'YYYY-MM-DD HH24:MI'), max(l.problem)),
           'Its cards wait and none is lost. Send fewer, or several facts in one card.',
           min(l.throttled_since), count(*), 'subscription ' || max(l.subscription_id)
      FROM lanes AS l
      JOIN o365_internal.allowed_hosts(ARRAY(SELECT n.webhook_host FROM lanes AS n)) AS h
          ON h.webhook_host = l.webhook_host
     GROUP BY h.host $$;
COMMENT ON FUNCTION o365_internal.health_webhooks_throttled() IS
    'Webhooks that have answered for five minutes that they are asked too often.';
