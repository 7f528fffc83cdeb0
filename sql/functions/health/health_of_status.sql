CREATE OR REPLACE FUNCTION o365_internal.health_of_status(status text) RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH newest AS MATERIALIZED (
        SELECT s.subscription_id, s.status_reason, s.status_at, s.webhook_host, s.awaits_proof
          FROM o365_internal.subscription AS s
         WHERE s.status = $1 AND s.status <> 'active' ORDER BY s.status_at DESC LIMIT 1000),
    by_host AS (
        SELECT n.status_reason, n.awaits_proof, n.webhook_host, count(*) AS n, min(n.status_at) AS since,
               max(n.subscription_id) AS example
          FROM newest AS n GROUP BY 1, 2, 3)
    SELECT 'host ' || h.host,
           format('%s%s %s: %s', CASE WHEN (SELECT count(*) FROM newest) = 1000 THEN 'at least ' END,
                  o365_internal.plural(sum(b.n)::bigint, 'connection is', 'connections are'), $1,
                  coalesce(b.status_reason, 'no reason noted')),
           -- A sentence that ends with a statement has no full stop.
           (SELECT upper(left(t.step, 1) COLLATE "C") || substr(t.step, 2)
                   || CASE WHEN t.step LIKE '%)' THEN '' ELSE '.' END
              FROM o365_internal.status_next_step(max(b.example), $1, b.status_reason, b.awaits_proof) AS t (step)),
           min(b.since), sum(b.n)::bigint, 'subscription ' || max(b.example)
      FROM by_host AS b
      JOIN o365_internal.allowed_hosts(ARRAY(SELECT n.webhook_host FROM newest AS n)) AS h
          ON h.webhook_host = b.webhook_host
     GROUP BY h.host, b.status_reason, b.awaits_proof $$;
COMMENT ON FUNCTION o365_internal.health_of_status(text) IS
    'The connections of a status other than active, the newest 1,000, by reason and by host of the allow-list.';
