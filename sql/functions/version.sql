-- Which version a schema has, and which programs it serves.

CREATE OR REPLACE FUNCTION o365.version() RETURNS TABLE (schema integer, oldest_program integer, installed_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT m.number, 12, m.applied_at FROM o365_internal.migration AS m ORDER BY m.number DESC LIMIT 1 $$;
COMMENT ON FUNCTION o365.version() IS
    'Version of the schema, the number of its newest migration; the version of the oldest programs that it serves; and since when it has it. '
    'Programs say theirs with --version.';
