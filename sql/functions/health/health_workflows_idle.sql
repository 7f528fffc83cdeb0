CREATE OR REPLACE FUNCTION o365_internal.health_workflows_idle() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH idle AS MATERIALIZED (
        SELECT s.subscription_id, s.connector_id, s.idle_since, l.posted_on
          FROM (SELECT x.subscription_id, x.connector_id, x.idle_since FROM o365_internal.subscription AS x
                 WHERE x.idle_since IS NOT NULL AND x.dialect = 'workflow' AND x.status IN ('active', 'paused')
                 ORDER BY x.idle_since LIMIT 1000) AS s
         CROSS JOIN LATERAL (SELECT x.posted_on FROM o365_internal.lane AS x
                              WHERE x.subscription_id = s.subscription_id LIMIT 1) AS l)
    SELECT 'connector ' || c.slug,
           format('%s%s nothing was posted to for 75 days or more: Microsoft turns off a flow that has not run for 90',
                  CASE WHEN (SELECT count(*) FROM idle) = 1000 THEN 'at least ' END,
                  o365_internal.plural(count(*), 'workflow that', 'workflows that')),
           format('A test card runs one: select o365.send_test(%s). select * from o365.subscriptions where '
                  'idle_since is not null '
                  'lists them.', (array_agg(i.subscription_id ORDER BY i.idle_since, i.subscription_id))[1]),
           min(i.idle_since)::timestamptz, count(*),
           'subscription ' || (array_agg(i.subscription_id ORDER BY i.idle_since, i.subscription_id))[1]
      FROM idle AS i JOIN o365_internal.connector AS c ON c.connector_id = i.connector_id
     -- Posted to since: the chore clears it within a day.
     WHERE (i.posted_on > i.idle_since) IS NOT TRUE
     GROUP BY c.slug $$;
COMMENT ON FUNCTION o365_internal.health_workflows_idle() IS
    'Workflows that nothing was posted to for 75 of the 90 days after which Microsoft turns a flow off.';
