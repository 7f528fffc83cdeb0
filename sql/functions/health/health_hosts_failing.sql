CREATE OR REPLACE FUNCTION o365_internal.health_hosts_failing() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
    SELECT 'host ' || h.name,
           format('fails as a whole: %s; probed %s since, again at %s; %s%s', h.problem,
                  o365_internal.plural(h.probes, 'time', 'times'), to_char(h.failing_until, 'YYYY-MM-DD HH24:MI:SS'),
                  CASE WHEN n.n > 1000 THEN 'more than ' END,
                  o365_internal.plural(least(n.n, 1000), 'connection with cards waits', 'connections with cards wait')),
           'Nothing is charged to the cards, and they leave by themselves when it answers. If it answers others, look '
           'at the worker''s way there: proxy, firewall, name server, certificates.', h.failing_since,
           least(n.n, 1000), NULL
      FROM o365_internal.host AS h
     CROSS JOIN LATERAL (SELECT count(*) AS n FROM (
               SELECT FROM o365_internal.lane AS l
                WHERE l.host_id = h.host_id AND l.next_at IS NOT NULL LIMIT 1001) AS l) AS n
     WHERE h.failing_since IS NOT NULL AND h.suspects IS NOT NULL $$;
COMMENT ON FUNCTION o365_internal.health_hosts_failing() IS
    'Far ends that fail as a whole: their circuit breaker is open.';
