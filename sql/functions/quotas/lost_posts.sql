CREATE OR REPLACE FUNCTION o365_internal.lost_posts(lane o365_internal.lane) RETURNS timestamptz[]
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN CASE WHEN lane.worker IS NULL THEN lane.lost
        ELSE lane.lost || array_fill(lane.lease_until,
            ARRAY[greatest(coalesce(lane.granted, o365_internal.cards_a_lease()), 0)]) END;
END $$;
COMMENT ON FUNCTION o365_internal.lost_posts(o365_internal.lane) IS
    'What lane.lost becomes when a lane is taken from the worker that has not reported it: whatever its lease granted '
    'may have been posted, at its end. For a lane that no worker has, what it is.';
