CREATE OR REPLACE FUNCTION o365_internal.health_cards_fail() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT * FROM o365_internal.health_of_lanes(true) $$;
COMMENT ON FUNCTION o365_internal.health_cards_fail() IS 'Connections whose next card failed three times or more.';
