CREATE OR REPLACE FUNCTION o365_internal.blocked_lanes(what text, next_step text, at_least interval)
RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH lanes AS MATERIALIZED (
        SELECT l.subscription_id, l.host_id, l.problem, l.blocked_since FROM o365_internal.lane AS l
         WHERE l.blocked = $1 AND l.problem IS NOT NULL AND l.next_at IS NOT NULL
           AND l.blocked_since <= clock_timestamp() - $3
         LIMIT 500)
    SELECT 'host ' || h.name,
           format('%s%s with cards: %s', CASE WHEN (SELECT count(*) FROM lanes) = 500 THEN 'at least ' END,
                  o365_internal.plural(count(*), 'connection waits', 'connections wait'), l.problem),
           $2, min(l.blocked_since), count(*), 'subscription ' || min(l.subscription_id)
      FROM lanes AS l
      JOIN o365_internal.host AS h ON h.host_id = l.host_id
     GROUP BY h.name, l.problem $$;
COMMENT ON FUNCTION o365_internal.blocked_lanes(text, text, interval) IS
    'Findings about lanes that wait for what lane.blocked says, for so long at least: by host and problem, 500 lanes '
    'of them, each with this next step.';
