CREATE OR REPLACE FUNCTION o365_internal.waits_for_quota(lane o365_internal.lane) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- An urgent card waits for the quota although the lane waits for its schedule, and a test card although the lane is
    -- paused.
    RETURN lane.why IS NOT DISTINCT FROM 'quota'
        OR lane.why IN ('schedule', 'pause') AND lane.next_at < 'infinity' AND lane.worker IS NULL
           AND lane.problem IS NULL;
END $$;
COMMENT ON FUNCTION o365_internal.waits_for_quota(o365_internal.lane) IS
    'Whether a lane, or a card in it that passes what the lane waits for, waits for the quota: who changes limits sets '
    'next_at to now then.';
