CREATE OR REPLACE FUNCTION o365_internal.health_webhooks_throttled() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'host ' || h.name,
           format('%s throttled since %s: %s', o365_internal.plural(count(*), 'connection is', 'connections are'),
                  to_char(min(l.throttled_since), 'YYYY-MM-DD HH24:MI'), max(l.problem)),
           'Its cards wait and none is lost. Send fewer, or several facts in one card.',
           min(l.throttled_since), count(*), 'subscription ' || max(l.subscription_id)
      FROM (SELECT x.host_id, x.subscription_id, x.throttled_since, x.problem FROM o365_internal.lane AS x
             WHERE x.throttled_since < now() - interval '5 minutes' LIMIT 2000) AS l
      JOIN o365_internal.host AS h ON h.host_id = l.host_id
     GROUP BY h.name $$;
COMMENT ON FUNCTION o365_internal.health_webhooks_throttled() IS
    'Webhooks that have answered for five minutes that they are asked too often.';
