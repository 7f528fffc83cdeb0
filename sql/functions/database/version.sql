-- Which version a schema has, and which programs it serves: oldest_program is raised to the version before, never past
-- it, together with kOldestSchema in lib/database/schema.h, when schema and programs of a version do not work with each
-- other's predecessor.
CREATE OR REPLACE FUNCTION o365.version()
    RETURNS TABLE (schema integer, oldest_program integer, installed_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT m.number, 21, m.applied_at FROM o365_internal.migration AS m ORDER BY m.number DESC LIMIT 1;
END $$;
COMMENT ON FUNCTION o365.version() IS
    'Version of the schema, the number of its newest migration; the version of the oldest programs that it serves; '
    'and since when it has it. Programs say theirs with --version, after the plus sign.';
