CREATE OR REPLACE FUNCTION o365_internal.health_hosts_held() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
    SELECT 'host ' || h.name,
           format('held by %s%s%s: %s%s', h.held_by,
                  ' until ' || to_char(nullif(h.held_until, 'infinity'), 'YYYY-MM-DD HH24:MI'),
                  ', "' || h.why || '"', CASE WHEN n.n > 1000 THEN 'more than ' END,
                  o365_internal.plural(least(n.n, 1000), 'connection with cards waits', 'connections with cards wait')),
           format('When cards may leave again: select o365.release_host(%L)', h.name), h.held_at, least(n.n, 1000), NULL
      FROM o365_internal.host AS h
     CROSS JOIN LATERAL (SELECT count(*) AS n FROM (
               SELECT FROM o365_internal.lane AS l
                WHERE l.host_id = h.host_id AND l.next_at IS NOT NULL LIMIT 1001) AS l) AS n
     WHERE h.held_until > now() $$;
COMMENT ON FUNCTION o365_internal.health_hosts_held() IS 'Far ends that an operator holds.';
