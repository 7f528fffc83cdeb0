CREATE OR REPLACE FUNCTION o365_internal.health_chores_fail() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- Partitions are made two days ahead, and a session that reads the history for hours may be a dump.
    SELECT 'chore ' || c.name,
           format('could not be done since %s: %s', coalesce(to_char(c.done_at, 'YYYY-MM-DD HH24:MI'), 'ever'),
                  c.problem),
           'A worker tries again every minute. End what blocks it; if nothing does, the lines event=chores of its log '
           'and the server''s log say more.', c.done_at, NULL::bigint, NULL
      FROM o365_internal.chore AS c
     WHERE c.problem IS NOT NULL
       AND coalesce(c.done_at, '-infinity') < now() - CASE WHEN c.name ~ '^(empty default|make) partition'
                                                           THEN interval '1 day' ELSE interval '15 minutes' END
    UNION ALL
    SELECT 'chores', format('were last done at %s, although %s is alive', to_char(min(c.done_at), 'YYYY-MM-DD HH24:MI'),
                            max(w.name)),
           'Start the worker again; its log, event=chores_failed, says why they fail.', min(c.done_at), count(*),
           min(c.name)
      FROM o365_internal.chore AS c
     CROSS JOIN (SELECT w.name FROM o365_internal.worker AS w
                  WHERE w.seen_at > now() - interval '1 minute' AND w.started_at < now() - interval '3 minutes'
                  LIMIT 1) AS w
     WHERE c.problem IS NULL AND c.done_at < now() - interval '15 minutes' HAVING count(*) > 0 $$;
COMMENT ON FUNCTION o365_internal.health_chores_fail() IS 'Chores that keep failing, or that nobody does.';
