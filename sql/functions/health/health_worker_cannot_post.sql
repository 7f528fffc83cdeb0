CREATE OR REPLACE FUNCTION o365_internal.health_worker_cannot_post() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT * FROM o365_internal.blocked_lanes('worker',
        'On the worker''s host, run o365-worker --check, and look at its proxy, name servers, routes and limit of open '
        'files. Nothing is charged to the cards, and they leave by themselves afterwards.', '0') $$;
COMMENT ON FUNCTION o365_internal.health_worker_cannot_post() IS
    'Connections whose cards do not leave the worker''s machine: its proxy, name servers, routes, files.';
