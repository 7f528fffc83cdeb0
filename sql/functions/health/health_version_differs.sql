CREATE OR REPLACE FUNCTION o365_internal.health_version_differs() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT * FROM o365_internal.health_of_versions(false) $$;
COMMENT ON FUNCTION o365_internal.health_version_differs() IS
    'Workers of another version, which still go with the schema.';
