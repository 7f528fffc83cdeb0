CREATE OR REPLACE FUNCTION o365_internal.health_connections_retired() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT h.object, h.problem, 'Its user makes a workflow in Teams in its place: select * from o365.dead_connectors '
                                'has a message for each, o365.renewal_link its link.', h.since, h.count, h.example
      FROM o365_internal.health_of_status('retired') AS h $$;
COMMENT ON FUNCTION o365_internal.health_connections_retired() IS
    'Connections whose webhook Microsoft switched off with the connectors of Teams.';
