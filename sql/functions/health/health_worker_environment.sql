CREATE OR REPLACE FUNCTION o365_internal.health_worker_environment() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'worker ' || max(w.name),
           format('is configured for environment %s, the database for %s, so it sends nothing', w.environment,
                  o365_internal.text_setting('environment')),
           format('If this database is %s: select o365.this_is(%L)', w.environment, w.environment),
           min(w.started_at), count(*), max(w.name)
      FROM o365_internal.worker AS w
     -- A worker that has ended and does not come back is no longer a problem.
     WHERE w.seen_at > now() - interval '1 minute' AND (w.stopped_at IS NULL OR w.comes_back)
       AND w.environment <> o365_internal.text_setting('environment')
     GROUP BY w.environment $$;
COMMENT ON FUNCTION o365_internal.health_worker_environment() IS
    'Workers that send nothing, because their configuration names another environment.';
