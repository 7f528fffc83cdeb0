CREATE OR REPLACE FUNCTION o365_internal.health_strict_cookies() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'connector ' || c.slug,
           format('%s as strict_cookie in the last 24 hours, the last at %s: browsers do not send our cookie when they '
                  'return from Microsoft''s page',
                  o365_internal.plural(s.attempts, 'attempt to connect ended', 'attempts to connect ended'),
                  to_char(s.last, 'YYYY-MM-DD HH24:MI')),
           (SELECT t.next_step FROM o365.connect_attempt(s.request_id) AS t WHERE t.outcome = 'strict_cookie' LIMIT 1),
           s.since, s.attempts,
           'attempt ' || s.request_id
      FROM (SELECT a.connector_id, count(*) AS attempts, min(a.started_at) AS since, max(a.started_at) AS last,
                   (array_agg(a.request_id ORDER BY a.started_at DESC))[1] AS request_id
              FROM (SELECT a.connector_id, a.started_at, a.request_id, a.outcome FROM o365_internal.connect_attempt AS a
                     ORDER BY a.attempt_id DESC LIMIT 1000) AS a
             WHERE a.started_at > now() - interval '1 day' AND a.outcome = 'strict_cookie' GROUP BY a.connector_id) AS s
      JOIN o365_internal.connector AS c ON c.connector_id = s.connector_id $$;
COMMENT ON FUNCTION o365_internal.health_strict_cookies() IS
    'Connectors where browsers kept our cookie back, among the newest 1,000 attempts of the last 24 hours. A warning: '
    'a visitor can bring about one.';
