CREATE OR REPLACE FUNCTION o365_internal.fold_due(before bigint DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    c_lanes CONSTANT integer := 50;
    c_longest CONSTANT interval := '10 ms';   -- other lanes wait for their claim meanwhile
    v_started timestamptz := clock_timestamp();
    v_id bigint;
    v_n integer := 0;
BEGIN
    FOR v_id IN
        SELECT l.subscription_id FROM o365_internal.lane AS l
         WHERE l.why = 'schedule' AND l.not_before <= v_started
           AND (l.worker IS NULL OR l.lease_until <= v_started)
           AND (before IS NULL OR l.subscription_id < before)
           AND NOT EXISTS (SELECT FROM o365_internal.postponed AS p WHERE p.subscription_id = l.subscription_id)
         ORDER BY l.not_before LIMIT c_lanes FOR UPDATE OF l SKIP LOCKED
    LOOP
        PERFORM o365_internal.fold_lane(v_id);
        v_n := v_n + 1;
        EXIT WHEN clock_timestamp() - v_started > c_longest;
    END LOOP;
    RETURN v_n;
END $$;
COMMENT ON FUNCTION o365_internal.fold_due(bigint) IS
    'Folds the cards of lanes whose schedule has come, for about 10 ms and at least one lane; those are due then. '
    'before: only lanes of lower subscriptions (a restored database that is handed over anew). Waits for no lock. '
    'Returns how many lanes. Runs under the planner settings of worker_lease.';
