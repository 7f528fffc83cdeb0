CREATE OR REPLACE FUNCTION o365_internal.revive(subscription_id bigint, detail text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    v_status text := (SELECT s.status FROM o365_internal.subscription AS s
                       WHERE s.subscription_id = revive.subscription_id);
BEGIN
    UPDATE o365_internal.subscription AS s SET awaits_proof = false
     WHERE s.subscription_id = revive.subscription_id AND s.awaits_proof;
    UPDATE o365_internal.subscription AS s SET idle_since = NULL, idle_check_on = (now() AT TIME ZONE 'UTC')::date + 75
     WHERE s.subscription_id = revive.subscription_id AND s.idle_since IS NOT NULL;
    UPDATE o365_internal.subscription AS s SET status = 'active', status_reason = NULL, status_at = now()
     WHERE s.subscription_id = revive.subscription_id AND s.status IN ('pending', 'suspended', 'gone', 'retired');
    IF FOUND THEN
        PERFORM o365_internal.wake(revive.subscription_id);
    END IF;
    PERFORM o365_internal.note_event(CASE v_status WHEN 'pending' THEN 'connected' ELSE 'renewed' END, 'user', NULL,
                                     subscription_id, detail => detail);
END $$;
COMMENT ON FUNCTION o365_internal.revive(bigint, text) IS
    'Puts a webhook that was renewed or confirmed to use: pending, suspended, gone and retired become active; a paused '
    'one stays paused. Notes connected or renewed; detail goes into the event.';
