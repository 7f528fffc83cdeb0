CREATE OR REPLACE FUNCTION o365_internal.join_webhooks() RETURNS integer
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    c_lanes CONSTANT integer := 500;
    c_longest CONSTANT interval := '10 ms';   -- other lanes wait for their claim meanwhile
    v_started timestamptz := clock_timestamp();
    v_id bigint;
    v_n integer := 0;
BEGIN
    FOR v_id IN SELECT l.subscription_id FROM o365_internal.lane AS l
                 WHERE l.quota_webhook = 0 LIMIT c_lanes FOR UPDATE SKIP LOCKED
    LOOP
        PERFORM o365_internal.join_webhook(v_id);
        v_n := v_n + 1;
        EXIT WHEN clock_timestamp() - v_started > c_longest;
    END LOOP;
    RETURN v_n;
END $$;
COMMENT ON FUNCTION o365_internal.join_webhooks() IS
    'Finds out for lanes that got a webhook who shares it (join_webhook), for about 10 ms and at least one lane. Waits '
    'for no lock. Returns how many it looked at. Runs under the planner settings of worker_lease.';
