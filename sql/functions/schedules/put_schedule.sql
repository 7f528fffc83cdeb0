CREATE OR REPLACE FUNCTION o365_internal.put_schedule(
    subscription_id bigint, schedule text, time_zone text, actor text, reason text) RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET jit = off AS $$
BEGIN
    UPDATE o365_internal.subscription AS s SET schedule = put_schedule.schedule, time_zone = put_schedule.time_zone
     WHERE s.subscription_id = put_schedule.subscription_id
       AND (s.schedule, s.time_zone) IS DISTINCT FROM (put_schedule.schedule, put_schedule.time_zone);
    IF NOT FOUND THEN
        RETURN schedule;
    END IF;
    -- A card that was tried already stays alone, because it may have been shown. When a schedule is switched off, the
    -- cards that waited for it are folded once more.
    UPDATE o365_internal.lane AS l
       SET run = CASE WHEN put_schedule.schedule <> 'immediate'
                      THEN coalesce(l.run, CASE WHEN l.trying > 0 THEN ARRAY[l.trying] ELSE '{}' END)
                      WHEN l.next_at IS NOT NULL OR l.why = 'pause' THEN l.run END
     WHERE l.subscription_id = put_schedule.subscription_id;
    PERFORM o365_internal.await_runs(ARRAY[subscription_id]);
    PERFORM o365_internal.note_event('rescheduled', actor, NULL, subscription_id, o365_internal.reason_text(reason),
        concat_ws(' ', schedule,
                  CASE WHEN schedule <> 'immediate' THEN o365_internal.schedule_zone(subscription_id) END));
    RETURN schedule;
END $$;
COMMENT ON FUNCTION o365_internal.put_schedule(bigint, text, text, text, text) IS
    'Gives a subscription, which the caller has locked, another schedule, as schedule_of has it, by the clocks of a '
    'time zone (null: its connector''s), and notes who did it. What waits goes with the new schedule; without one it '
    'leaves at once, folded. Returns the schedule.';
