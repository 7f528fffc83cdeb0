CREATE OR REPLACE FUNCTION o365_internal.health_attempts_abandoned() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The newest 200 of each connector suffice. An attempt without an outcome is in progress.
    SELECT 'connector ' || c.slug,
           format('nobody came back from the Connect page within the last week: %s%s to connect by the button, all '
                  'abandoned',
                  CASE WHEN a.n = 200 THEN 'at least ' END, o365_internal.plural(a.n, 'attempt', 'attempts')),
           'Press the button yourself. If the Connect page is gone: '
               || format('select o365.alter_connector(%L, ways => ''{workflow}'')', c.slug), a.since, a.n, NULL
      FROM o365_internal.connector AS c
     CROSS JOIN LATERAL (
        SELECT count(*) AS n, count(*) FILTER (WHERE r.outcome <> 'abandoned') AS others, min(r.started_at) AS since
          FROM (SELECT t.outcome, t.started_at FROM generate_series(0, 1) AS k (has_no_cookie)
                 CROSS JOIN LATERAL (
                    SELECT x.outcome, x.started_at FROM o365_internal.connect_attempt AS x
                     WHERE coalesce(x.connector_id, 0) = c.connector_id AND x.way = 'button'
                       AND (x.cookie_hash IS NULL)::integer = k.has_no_cookie
                       AND x.outcome IS NOT NULL AND x.started_at > now() - interval '7 days'
                       AND x.app_state IS DISTINCT FROM '"preflight"'
                     ORDER BY x.started_at DESC LIMIT 200) AS t
                 ORDER BY t.started_at DESC LIMIT 200) AS r) AS a
     WHERE c.removed_at IS NULL AND a.n >= 5 AND a.others = 0 $$;
COMMENT ON FUNCTION o365_internal.health_attempts_abandoned() IS
    'Connectors of whose attempts by the button in the last week, at least 5, every one ended as abandoned.';
