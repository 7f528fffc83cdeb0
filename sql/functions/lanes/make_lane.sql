CREATE OR REPLACE FUNCTION o365_internal.make_lane(
    subscription_id bigint, connector_id integer, webhook_host text, is_held boolean, schedule text) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
BEGIN
    INSERT INTO o365_internal.lane (subscription_id, connector_id, host_id, why, not_before, run)
        VALUES (make_lane.subscription_id, make_lane.connector_id, o365_internal.host_of(make_lane.webhook_host),
                CASE WHEN is_held THEN 'pause' END, CASE WHEN is_held THEN 'infinity'::timestamptz END,
                CASE WHEN schedule <> 'immediate' THEN '{}'::bigint[] END);
END $$;
COMMENT ON FUNCTION o365_internal.make_lane(bigint, integer, text, boolean, text) IS
    'Makes the lane of a new subscription, on the far end of its webhook''s host. is_held: nothing but test cards '
    'leaves it until wake. schedule: its subscription''s.';
