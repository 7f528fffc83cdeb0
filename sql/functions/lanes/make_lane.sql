CREATE OR REPLACE FUNCTION o365_internal.make_lane(
    subscription_id bigint, connector_id integer, webhook_host text, webhook_index bytea, is_held boolean,
    schedule text) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_host_id integer := o365_internal.host_of(webhook_host);
BEGIN
    INSERT INTO o365_internal.lane (subscription_id, connector_id, host_id, why, not_before, run, quota_webhook)
        VALUES (make_lane.subscription_id, make_lane.connector_id, v_host_id,
                CASE WHEN is_held THEN 'pause' END, CASE WHEN is_held THEN 'infinity'::timestamptz END,
                CASE WHEN schedule <> 'immediate' THEN '{}'::bigint[] END,
                -- The next claim finds out which lanes have the same webhook, or had it recently.
                CASE WHEN EXISTS (SELECT FROM o365_internal.subscription AS s
                                   WHERE s.webhook_index = make_lane.webhook_index
                                     AND s.subscription_id <> make_lane.subscription_id)
                          OR EXISTS (SELECT FROM o365_internal.quota_group AS g
                                      WHERE g.webhook_index = make_lane.webhook_index) THEN 0 END);
END $$;
COMMENT ON FUNCTION o365_internal.make_lane(bigint, integer, text, bytea, boolean, text) IS
    'Makes the lane of a new subscription, on the far end of its webhook''s host. Connections of one webhook are made '
    'one at a time (wait_for_webhook). webhook_index: its webhook''s. is_held: nothing but test cards leaves it until '
    'wake. schedule: its subscription''s.';
