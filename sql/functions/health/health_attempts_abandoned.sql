CREATE OR REPLACE FUNCTION o365_internal.health_attempts_abandoned() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The newest 200 of each connector tell enough. An attempt without an outcome is under way.
    SELECT 'connector ' || c.slug,
           format('nobody came back from the Connect page within the last week: %s%s to connect by the button, all '
                  'abandoned',
                  CASE WHEN a.n = 200 THEN 'at least ' END, o365_internal.plural(a.n, 'attempt', 'attempts')),
           'Press the button yourself. If the Connect page is gone: '
               || format('select o365.alter_connector(%L, ways => ''{workflow}'')', c.slug), a.since, a.n, NULL
      FROM o365_internal.connector AS c
     CROSS JOIN LATERAL (
        SELECT count(*) AS n, count(*) FILTER (WHERE r.outcome <> 'abandoned') AS others, min(r.started_at) AS since
          FROM (SELECT t.outcome, t.started_at FROM o365_internal.connect_attempt AS t
                 -- As a range and in this order the index of both columns alone will do. By time alone, a connector
                 -- without attempts would be looked for among everybody's.
                 WHERE t.connector_id BETWEEN c.connector_id AND c.connector_id AND t.way = 'button'
                   AND t.outcome IS NOT NULL AND t.started_at > now() - interval '7 days'
                   AND t.app_state IS DISTINCT FROM '"preflight"'
                 ORDER BY t.connector_id DESC, t.started_at DESC LIMIT 200) AS r) AS a
     WHERE c.removed_at IS NULL AND a.n >= 5 AND a.others = 0 $$;
COMMENT ON FUNCTION o365_internal.health_attempts_abandoned() IS
    'Connectors of whose attempts by the button in the last week, at least 5, every one ended as abandoned.';
