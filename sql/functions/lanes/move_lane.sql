CREATE OR REPLACE FUNCTION o365_internal.move_lane(subscription_id bigint, webhook_host text) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_host_id integer := o365_internal.host_of(webhook_host);
BEGIN
    UPDATE o365_internal.lane AS l SET host_id = v_host_id
     WHERE l.subscription_id = move_lane.subscription_id AND l.host_id <> v_host_id;
END $$;
COMMENT ON FUNCTION o365_internal.move_lane(bigint, text) IS
    'Says that a subscription has a webhook on this host now: its lane belongs to that far end. The caller has the '
    'lane locked.';
