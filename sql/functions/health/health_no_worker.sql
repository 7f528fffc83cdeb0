CREATE OR REPLACE FUNCTION o365_internal.health_no_worker() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- One of another environment, and a copied database, are findings of their own; --once comes back.
    SELECT 'worker', w.why || ': no card leaves',
           'Start o365-worker, or let cron run it with --once at least every five minutes; its log says why it ended.',
           (SELECT max(coalesce(w.stopped_at, w.seen_at)) FROM o365_internal.worker AS w), NULL::bigint, NULL
      FROM (SELECT o365_internal.workers_away() AS why) AS w
     WHERE w.why !~ '^(the next run of|no worker of environment|database )' $$;
COMMENT ON FUNCTION o365_internal.health_no_worker() IS 'No worker is alive.';
