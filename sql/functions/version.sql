-- Which version a schema has, and which programs it serves: oldest_program is raised to the version before, never past it, together with kOldestSchema
-- in lib/database/schema.h, when schema and programs of a version do not go with each other's predecessor.

CREATE OR REPLACE FUNCTION o365.version() RETURNS TABLE (schema integer, oldest_program integer, installed_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT m.number, 21, m.applied_at FROM o365_internal.migration AS m ORDER BY m.number DESC LIMIT 1;
END $$;
COMMENT ON FUNCTION o365.version() IS
    'Version of the schema, the number of its newest migration; the version of the oldest programs that it serves; and since when it has it. '
    'Programs say theirs with --version, after the plus sign.';

CREATE OR REPLACE FUNCTION o365_internal.health_of_versions(too_old boolean) RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'worker ' || max(w.name), format('is of version %s, the schema has version %s', w.number, v.schema),
           CASE WHEN w.number < v.schema THEN 'Upgrade the program on that worker''s host.'
                ELSE 'Upgrade the schema: run sql/install.sql of that version.' END,
           min(w.started_at), count(*), max(w.name)
      FROM (SELECT x.name, x.started_at, substring(x.version FROM '\+([0-9]{1,9})$')::integer AS number FROM o365_internal.worker AS x
             WHERE x.seen_at > now() - interval '1 minute') AS w
      JOIN o365.version() AS v ON v.schema <> w.number AND (w.number < v.oldest_program) = $1
     GROUP BY w.number, v.schema $$;
COMMENT ON FUNCTION o365_internal.health_of_versions(boolean) IS
    'Workers at work that are of another version than the schema: those that it does not serve any more, or the others.';

CREATE OR REPLACE FUNCTION o365_internal.health_version_differs() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT * FROM o365_internal.health_of_versions(false) $$;
COMMENT ON FUNCTION o365_internal.health_version_differs() IS 'Workers of another version, which still go with the schema.';

CREATE OR REPLACE FUNCTION o365_internal.health_version_too_old() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT * FROM o365_internal.health_of_versions(true) $$;
COMMENT ON FUNCTION o365_internal.health_version_too_old() IS 'Workers that are older than what the schema serves.';
