CREATE OR REPLACE FUNCTION o365_internal.action_wait_until(most_waiting integer) RETURNS timestamptz
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_wait integer := o365_internal.integer_setting('action_wait');
BEGIN
    -- Concurrent requests are not visible here, so each responder has a bound of its own as well.
    IF v_wait = 0
       OR (SELECT count(*) FROM (SELECT FROM o365_internal.action_call AS a WHERE a.waits_until > clock_timestamp()
                                  LIMIT most_waiting) AS a) >= most_waiting THEN
        RETURN NULL;
    END IF;
    RETURN clock_timestamp() + make_interval(secs => v_wait);
END $$;
COMMENT ON FUNCTION o365_internal.action_wait_until(integer) IS
    'Until when a request may wait for o365.answer_action; null when it may not: action_wait is 0, or most_waiting '
    'requests of this installation wait already.';
