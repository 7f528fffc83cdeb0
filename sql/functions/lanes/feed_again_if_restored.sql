CREATE OR REPLACE FUNCTION o365_internal.feed_again_if_restored() RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT o365_internal.is_restored() THEN
        RETURN;
    END IF;
    BEGIN
        LOCK TABLE o365_internal.turn_to_feed IN SHARE ROW EXCLUSIVE MODE NOWAIT;
    EXCEPTION WHEN lock_not_available THEN
        INSERT INTO o365_internal.feeding_again DEFAULT VALUES;
        RETURN;
    END;
    -- Again under the lock: another worker may have begun meanwhile.
    IF o365_internal.is_restored() THEN
        PERFORM o365_internal.feed_again();
    END IF;
END $$;
COMMENT ON FUNCTION o365_internal.feed_again_if_restored() IS
    'feed_again, if it is needed; while somebody is feeding, the next round does it. Workers ask when they start and '
    'on each heartbeat, the first of which follows every new connection.';
