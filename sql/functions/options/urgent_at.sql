CREATE OR REPLACE FUNCTION o365_internal.urgent_at(l o365_internal.lane) RETURNS timestamptz
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- The next urgent card waits for one that failed.
    RETURN least(coalesce((l).next_at, 'infinity'),
                 greatest(now(), (l).lease_until, CASE WHEN (l).trying < 0 THEN (l).tried_until END));
END $$;
COMMENT ON FUNCTION o365_internal.urgent_at(o365_internal.lane) IS
    'When a lane that waits for its schedule is to be due, now that an urgent card has arrived.';
