CREATE OR REPLACE FUNCTION o365_internal.health_card_waits_long() RETURNS SETOF o365_internal.finding
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    v_before constant timestamptz := now() - make_interval(hours => o365_internal.integer_setting('give_up_hours') + 1);
    v_oldest record;
BEGIN
    -- Lanes whose cards should go have a time that is not infinity: those that wait for a pause have none, those that
    -- wait for a schedule have infinity, and a card with a not_before is in no lane before. Of each far end and turn
    -- the thousand that are most overdue.
    WITH lane AS MATERIALIZED (
        SELECT l.subscription_id
          FROM (SELECT x.host_id FROM o365_internal.host AS x UNION ALL SELECT 0) AS h
         CROSS JOIN unnest(o365_internal.all_turns()) AS t (turn)
         CROSS JOIN LATERAL (SELECT x.subscription_id, x.why, x.run IS NULL AS has_no_schedule,
                                    coalesce(x.failing_since, x.throttled_since, x.next_at) AS since
                               FROM o365_internal.lane AS x
                              WHERE x.host_id = h.host_id AND x.turn = t.turn AND x.next_at < 'infinity'
                              ORDER BY x.next_at LIMIT 1000) AS l
         WHERE l.why IS DISTINCT FROM 'pause'
           -- A card that leaves with a digest, or alone at that time, may be as old as the period of the schedule.
           AND (l.has_no_schedule OR l.since < v_before))
    SELECT f.card_id, f.enqueued_at, l.subscription_id INTO v_oldest
      FROM lane AS l
     CROSS JOIN LATERAL (SELECT o.card_id, o.enqueued_at FROM o365_internal.outbox AS o
                          WHERE o.subscription_id = l.subscription_id ORDER BY o.position LIMIT 1) AS f
     WHERE f.enqueued_at < v_before ORDER BY f.enqueued_at, f.card_id LIMIT 1;
    IF FOUND THEN
        RETURN QUERY
            SELECT 'card ' || v_oldest.card_id,
                   format('waits since %s, longer than give_up_hours: %s',
                          to_char(v_oldest.enqueued_at, 'YYYY-MM-DD HH24:MI'), n.reason),
                   format('select * from o365.queue where subscription_id = %s', v_oldest.subscription_id),
                   v_oldest.enqueued_at, NULL::bigint, 'subscription ' || v_oldest.subscription_id
              FROM o365_internal.lane_now AS n WHERE n.subscription_id = v_oldest.subscription_id;
    END IF;
END $$;
COMMENT ON FUNCTION o365_internal.health_card_waits_long() IS
    'The oldest card that goes first in its lane and should have gone, when it waits longer than a card that is tried. '
    'Not one that waits for a schedule, its not_before or a pause.';
