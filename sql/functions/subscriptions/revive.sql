CREATE OR REPLACE FUNCTION o365_internal.revive(subscription_id bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE o365_internal.subscription AS s SET status = 'active', status_reason = NULL, status_at = now()
     WHERE s.subscription_id = revive.subscription_id AND s.status IN ('pending', 'suspended', 'gone', 'retired');
    IF FOUND THEN
        PERFORM o365_internal.wake(revive.subscription_id);
    END IF;
END $$;
COMMENT ON FUNCTION o365_internal.revive(bigint) IS
    'A webhook that was renewed or confirmed is used: pending, suspended, gone and retired become active; a paused one stays paused.';
