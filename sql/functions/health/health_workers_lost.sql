CREATE OR REPLACE FUNCTION o365_internal.health_workers_lost() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- If no worker is left, no_worker says so. A worker that started later on the same host has replaced it; after a
    -- day it is not expected back.
    SELECT 'worker ' || max(w.name), format('%s not heard of since %s and did not say that %s',
               o365_internal.plural(count(*), 'worker is', 'workers are'),
               to_char(min(w.seen_at), 'YYYY-MM-DD HH24:MI'),
               CASE count(*) WHEN 1 THEN 'it ended' ELSE 'they ended' END),
           'Look at the log on its host: was it killed, is the host up, does it reach the database? Other workers '
           'deliver its cards.',
           min(w.seen_at), count(*), 'worker ' || max(w.name)
      FROM o365_internal.worker AS w
     WHERE w.stopped_at IS NULL AND w.seen_at < now() - interval '15 seconds' AND w.seen_at > now() - interval '1 day'
       AND o365_internal.workers_away() IS NULL
       AND NOT EXISTS (SELECT FROM o365_internal.worker AS l
                        WHERE l.worker_id <> w.worker_id AND l.started_at > w.seen_at
                          AND split_part(l.name, ':', 1) = split_part(w.name, ':', 1))
    HAVING count(*) > 0 $$;
COMMENT ON FUNCTION o365_internal.health_workers_lost() IS
    'Workers that were killed or cut off, while others are alive.';
