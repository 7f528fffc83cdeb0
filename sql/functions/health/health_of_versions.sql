CREATE OR REPLACE FUNCTION o365_internal.health_of_versions(too_old boolean) RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'worker ' || max(w.name), format('is of version %s, the schema has version %s', w.number, v.schema),
           CASE WHEN w.number < v.schema THEN 'Upgrade the program on that worker''s host.'
                ELSE 'Upgrade the schema: run sql/install.sql of that version.' END,
           min(w.started_at), count(*), max(w.name)
      FROM (SELECT x.name, x.started_at, substring(x.version FROM '\+([0-9]{1,9})$')::integer AS number
             FROM o365_internal.worker AS x
             WHERE x.seen_at > now() - interval '1 minute') AS w
      JOIN o365.version() AS v ON v.schema <> w.number AND (w.number < v.oldest_program) = $1
     GROUP BY w.number, v.schema $$;
COMMENT ON FUNCTION o365_internal.health_of_versions(boolean) IS
    'Workers at work that are of another version than the schema: those that it does not serve any more (true), or '
    'those that it still serves (false).';
