CREATE OR REPLACE FUNCTION o365_internal.too_many_presses(subscription_id bigint) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_a_minute integer := o365_internal.integer_setting('presses_per_minute');
BEGIN
    RETURN (SELECT count(*) FROM (SELECT FROM o365_internal.event AS e
                                   WHERE e.subscription_id = $1 AND e.at > now() - interval '1 minute'
                                     AND e.actor = 'user' AND e.kind IN ('paused', 'resumed')
                                   LIMIT v_a_minute) AS e) >= v_a_minute;
END $$;
COMMENT ON FUNCTION o365_internal.too_many_presses(bigint) IS
    'Whether people have paused and resumed a subscription on its page presses_per_minute times within the last '
    'minute: a link in a card is seen by a whole group, and each press is an event. The caller has the lane locked.';
