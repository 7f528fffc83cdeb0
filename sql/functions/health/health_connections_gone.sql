CREATE OR REPLACE FUNCTION o365_internal.health_connections_gone() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT * FROM o365_internal.health_of_status('gone') $$;
COMMENT ON FUNCTION o365_internal.health_connections_gone() IS 'Connections whose webhook does not exist any more.';
