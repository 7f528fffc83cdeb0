CREATE OR REPLACE FUNCTION o365_internal.health_vacuum_held_back() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT * FROM o365_internal.held_back(500000) $$;
COMMENT ON FUNCTION o365_internal.health_vacuum_held_back() IS
    'Who has kept vacuum from removing dead rows for half a million transactions.';
