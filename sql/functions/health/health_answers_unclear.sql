CREATE OR REPLACE FUNCTION o365_internal.health_answers_unclear() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'host ' || h.name,
           format('%s no clear answer to the last POSTs, two or more, and no card has arrived since%s',
                  o365_internal.plural(count(*), 'connection had', 'connections had'), ': ' || max(l.problem)),
           CASE WHEN s.dialect = 'workflow'
                THEN 'The flow answers later than the limit: let its owner remove its Response step, or raise '
                     'post_timeout_seconds with o365.set.'
                ELSE format('select * from o365.posts where subscription_id = %s limit 5', max(l.subscription_id)) END,
           min(l.tried_at), count(*), 'subscription ' || max(l.subscription_id)
      FROM (SELECT x.host_id, x.subscription_id, x.problem, x.tried_at FROM o365_internal.lane AS x
             WHERE x.unclear_in_a_row >= 2 LIMIT 2000) AS l
      JOIN o365_internal.subscription AS s ON s.subscription_id = l.subscription_id
      -- A far end that fails as a whole has its own finding.
      JOIN o365_internal.host AS h ON h.host_id = l.host_id AND h.failing_since IS NULL
     GROUP BY h.name, s.dialect $$;
COMMENT ON FUNCTION o365_internal.health_answers_unclear() IS
    'Connections that give no clear answer, whatever becomes of the card each time: it is posted again, or ends in '
    'doubt.';
