CREATE OR REPLACE FUNCTION o365_internal.health_connections_suspended() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT * FROM o365_internal.health_of_status('suspended') $$;
COMMENT ON FUNCTION o365_internal.health_connections_suspended() IS
    'Connections whose far end refuses the webhook: their cards wait.';
