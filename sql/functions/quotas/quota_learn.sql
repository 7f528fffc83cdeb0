CREATE OR REPLACE FUNCTION o365_internal.quota_learn(subscription_id bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    c_times CONSTANT integer := 5;   -- a thirty-second part is little enough
    v_now timestamptz := clock_timestamp();
BEGIN
    UPDATE o365_internal.lane AS l
       SET quota_halved = least(c_times, 1 + greatest(0, l.quota_halved
                              - coalesce(trunc(date_part('epoch', v_now - l.quota_halved_at) / 3600), 0))),
           quota_halved_at = v_now, quota_clear = NULL
     WHERE l.subscription_id = quota_learn.subscription_id AND NOT l.quota_off;
END $$;
COMMENT ON FUNCTION o365_internal.quota_learn(bigint) IS
    'Called when the far end throttled a lane although its windows were kept: it lets less pass than it says, or '
    'others post there, too. Halves the lane''s limits; each hour without another throttle doubles them again, up to '
    'what they were. The caller has the lane.';
