CREATE OR REPLACE FUNCTION o365_internal.stop_lane(subscription_id bigint, verdict text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
BEGIN
    UPDATE o365_internal.lane AS l
       SET why = 'pause', not_before = 'infinity', verdict = coalesce(stop_lane.verdict, l.verdict),
           next_at = CASE WHEN o365_internal.passes_wait(l.subscription_id, 'pause', l.cursor, l.late)
                          THEN coalesce(l.next_at, now()) END
     WHERE l.subscription_id = stop_lane.subscription_id;
END $$;
COMMENT ON FUNCTION o365_internal.stop_lane(bigint, text) IS
    'Nothing but test cards leaves a lane until wake. What it waited for before is forgotten. verdict: why a worker '
    'stops it while somebody has its subscription locked; null: the subscription says why. The caller has the lane '
    'locked.';
