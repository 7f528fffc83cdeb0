CREATE OR REPLACE FUNCTION o365_internal.health_version_too_old() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT * FROM o365_internal.health_of_versions(true) $$;
COMMENT ON FUNCTION o365_internal.health_version_too_old() IS 'Workers that are older than what the schema serves.';
