CREATE OR REPLACE FUNCTION o365_internal.await_runs(subscription_ids bigint[]) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    c_run CONSTANT integer := 100;
    c_leaves CONSTANT interval := '1 minute';   -- that a digest takes to leave
    v_now timestamptz := clock_timestamp();
    v_lane record;
    v_run bigint[];
    v_back bigint[];         -- cards that were set aside and are to be tried again
    v_first timestamptz;     -- when the first card was sent that waits for a run
    v_at timestamptz;
    v_expiring bigint[];     -- cards that would not live to see it
BEGIN
    -- Usually there is none, which one look-up shows.
    IF NOT EXISTS (SELECT FROM o365_internal.lane AS l WHERE l.run IS NOT NULL) THEN
        RETURN;
    END IF;
    FOR v_lane IN
        SELECT l.tid, l.subscription_id, l.run, l.why, l.not_before, s.status, s.schedule
          FROM unnest(subscription_ids) AS u (s)
         CROSS JOIN LATERAL (SELECT x.ctid AS tid, x.subscription_id, x.run, x.why, x.not_before, x.next_at,
                                    x.worker FROM o365_internal.lane AS x
                              WHERE x.subscription_id = u.s AND x.run IS NOT NULL LIMIT 1) AS l
         CROSS JOIN LATERAL (SELECT y.status, y.schedule FROM o365_internal.subscription AS y
                              WHERE y.subscription_id = u.s LIMIT 1) AS s
         WHERE l.worker IS NULL AND l.why IS DISTINCT FROM 'pause'
           AND (l.next_at IS NOT NULL OR l.run <> '{}')
           AND (l.why = 'schedule' OR coalesce(l.not_before, v_now) <= v_now)
           -- Test cards do not wait for the schedule: their positions are below 0.
           AND NOT EXISTS (SELECT FROM o365_internal.outbox AS o
                            WHERE o.subscription_id = l.subscription_id AND o.position < 0)
    LOOP
        IF v_lane.status IN ('removed', 'gone', 'retired') THEN
            -- The next claim ends the waiting cards as cancelled.
            UPDATE o365_internal.lane AS l SET run = NULL, why = NULL, not_before = NULL, next_at = v_now
             WHERE l.ctid = v_lane.tid;
            CONTINUE;
        END IF;
        v_run := ARRAY(SELECT r.p FROM unnest(v_lane.run) AS r (p)
                        WHERE EXISTS (SELECT FROM o365_internal.outbox AS o
                                       WHERE o.subscription_id = v_lane.subscription_id AND o.position = r.p));
        v_back := ARRAY(SELECT a.position FROM o365_internal.set_aside AS a
                         WHERE a.subscription_id = v_lane.subscription_id AND a.position > 0
                           AND a.position <> ALL (v_run)
                           AND EXISTS (SELECT FROM o365_internal.outbox AS o
                                        WHERE o.subscription_id = a.subscription_id AND o.position = a.position));
        IF v_back <> '{}' THEN
            -- A card that was set aside has had its run, and has a time of its own.
            UPDATE o365_internal.lane AS l
               SET run = v_run || v_back, why = NULL, not_before = NULL, next_at = v_now WHERE l.ctid = v_lane.tid;
            CONTINUE;
        END IF;
        CONTINUE WHEN v_run <> '{}';
        v_first := (SELECT o.enqueued_at FROM o365_internal.outbox AS o
                     WHERE o.subscription_id = v_lane.subscription_id AND o.position > 0
                     ORDER BY o.position LIMIT 1);
        v_at := CASE WHEN v_first IS NULL THEN NULL
                     WHEN v_lane.schedule = 'immediate' THEN v_now
                     ELSE o365_internal.next_run(v_lane.schedule,
                                                 o365_internal.schedule_zone(v_lane.subscription_id), v_first) END;
        IF v_at > v_now THEN
            -- Making a digest takes time, too.
            v_expiring := ARRAY(
                SELECT o.position FROM o365_internal.outbox AS o
                 WHERE o.subscription_id = v_lane.subscription_id AND o.not_after <= v_at + c_leaves
                   AND o.position > 0
                   AND (pg_visible_in_snapshot(o.xid, (SELECT f.snap FROM o365_internal.fed AS f
                                                        ORDER BY f.n DESC LIMIT 1))
                        OR o.xid = ANY (o365_internal.handed_over(v_lane.subscription_id)))
                 ORDER BY o.not_after LIMIT c_run);
            IF v_expiring <> '{}' THEN
                UPDATE o365_internal.lane AS l
                   SET run = (SELECT array_agg(p ORDER BY p) FROM unnest(v_expiring) AS p), why = NULL,
                       not_before = NULL, next_at = v_now
                 WHERE l.ctid = v_lane.tid;
                CONTINUE;
            END IF;
        END IF;
        -- (!) infinity: lanes that wait for their schedule are found by lane_waits, and claims do not read those whose
        -- time has come but which are not folded yet.
        UPDATE o365_internal.lane AS l
           SET run = CASE WHEN v_at IS NULL AND v_lane.schedule = 'immediate' THEN NULL ELSE v_run END,
               why = CASE WHEN v_at IS NOT NULL THEN 'schedule' END, not_before = v_at,
               next_at = CASE WHEN v_at IS NOT NULL THEN 'infinity'::timestamptz END
         WHERE l.ctid = v_lane.tid;
    END LOOP;
END $$;
COMMENT ON FUNCTION o365_internal.await_runs(bigint[]) IS
    'Of these lanes those that have a schedule, nothing to send of the last run and cards for the next one wait for '
    'it: the first run after the first of the cards was sent, so that a run which was missed is made up for. A card '
    'that was set aside and is back leaves alone and at once, and so does one that would expire before that run. '
    'Called by whatever makes lanes due, which has them locked, and under its planner settings. Lanes that wait for '
    'something else are left alone.';
