CREATE OR REPLACE FUNCTION o365_internal.tell_verdicts() RETURNS integer
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_lane record;
    v_told integer := 0;
BEGIN
    FOR v_lane IN SELECT l.subscription_id, l.verdict FROM o365_internal.lane AS l WHERE l.verdict IS NOT NULL
                   ORDER BY l.subscription_id LIMIT 1000 FOR UPDATE SKIP LOCKED
    LOOP
        UPDATE o365_internal.lane AS l SET verdict = NULL WHERE l.subscription_id = v_lane.subscription_id;
        PERFORM o365_internal.hold(v_lane.subscription_id, 'suspended', v_lane.verdict);
        v_told := v_told + 1;
    END LOOP;
    RETURN v_told;
END $$;
COMMENT ON FUNCTION o365_internal.tell_verdicts() IS
    'Writes the status of subscriptions that were locked when a worker suspended their lanes. Returns how many it '
    'tried; those whose subscription is still locked keep their verdict, for the next call.';
