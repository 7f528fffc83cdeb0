CREATE OR REPLACE FUNCTION o365_internal.health_far_ends_slow() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT * FROM o365_internal.blocked_lanes('transfers',
        'Nothing is charged to the cards, and they leave by themselves, later. If the far end is as fast as ever, '
        'raise max_transfers of the workers.', '5 minutes') $$;
COMMENT ON FUNCTION o365_internal.health_far_ends_slow() IS
    'Connections that wait since five minutes for a transfer, because their far end is slow and has its share of them.';
