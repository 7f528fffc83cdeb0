CREATE OR REPLACE FUNCTION o365_internal.health_webhooks_not_opened() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT * FROM o365_internal.blocked_lanes('key', 'On the worker''s host: o365-worker keys list', '0') $$;
COMMENT ON FUNCTION o365_internal.health_webhooks_not_opened() IS 'Connections whose webhook no worker can open.';
