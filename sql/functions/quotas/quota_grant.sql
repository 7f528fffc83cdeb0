CREATE OR REPLACE FUNCTION o365_internal.quota_grant(
    lane o365_internal.lane, seconds integer[], posts integer[], at timestamptz, lease_until timestamptz)
RETURNS o365_internal.quota_granted
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    c_soon CONSTANT interval := '100 ms';   -- until a lane that the next claim needs is nobody's
    v_age double precision := CASE lane.last_post_at WHEN '-infinity' THEN 'infinity'
                                   ELSE date_part('epoch', at - lane.last_post_at) END;
    granted integer;
    past bigint[] := lane.quota_past;
    leaves timestamptz[] := lane.quota_leaves;
    clear bigint;
    lost timestamptz[] := o365_internal.lost_posts(lane);
    free_at timestamptz;
    late_window smallint;
    v_least integer := o365_internal.cards_a_lease();
    v_enough integer;   -- with as many that are known to be free nobody looks for more
    v_most integer[] := posts;
    v_room integer;
    v_cap integer;   -- what lost POSTs leave of a limit
    v_look record;
    v_free_at timestamptz;
    v_lost timestamptz[];
BEGIN
    IF lost IS NOT NULL THEN
        lost := nullif(ARRAY(SELECT l FROM unnest(lost) AS l WHERE l > at - interval '1 day 1 minute'
                              ORDER BY l DESC LIMIT 2000), '{}');
    END IF;
    IF lane.quota_off OR posts IS NULL THEN
        -- Other lanes that post there are subject to the same limit.
        IF lane.quota_webhook > 0 OR lane.quota_group IS NOT NULL THEN
            PERFORM o365_internal.quota_take(lane, o365_internal.cards_a_lease(), lease_until);
        END IF;
        RETURN ROW(NULL, past, NULL, lost, NULL, NULL, leaves)::o365_internal.quota_granted;
    END IF;
    IF lane.quota_webhook = 0 THEN
        RETURN ROW(0, past, NULL, lost, at + c_soon, NULL, leaves)::o365_internal.quota_granted;
    END IF;
    IF lane.quota_halved > 0 OR lane.quota_webhook > 0 THEN
        v_most := o365_internal.quota_most(posts, o365_internal.quota_halvings(lane, at));
    END IF;
    FOR i IN 1 .. cardinality(posts) LOOP
        v_least := least(v_least, v_most[i]);
    END LOOP;
    v_enough := (v_least + 3) / 4;
    granted := o365_internal.cards_a_lease();
    FOR i IN REVERSE cardinality(posts) .. 1 LOOP
        CONTINUE WHEN v_most[i] IS NULL;
        v_cap := v_most[i];
        v_free_at := NULL;
        v_lost := NULL;
        IF lost IS NOT NULL THEN
            v_lost := ARRAY(SELECT l FROM unnest(lost) AS l WHERE l > at - make_interval(secs => seconds[i])
                             ORDER BY l);
            v_cap := v_cap - cardinality(v_lost);
        END IF;
        v_room := v_cap;
        IF v_age >= seconds[i] THEN
            past[i] := lane.posts;
        ELSE
            v_room := past[i] + v_cap - lane.posts;
            IF (v_room >= v_enough) IS NOT TRUE AND v_cap > 0 THEN
                -- Until the first POST leaves the window nothing changes in it. A time further ahead than the window is
                -- long was written by a clock that was ahead.
                IF v_room >= 0 AND leaves[i] > at AND leaves[i] < at + make_interval(secs => seconds[i] + 10) THEN
                    v_free_at := CASE WHEN v_room = 0 THEN leaves[i] END;
                ELSE
                    v_look := o365_internal.quota_look(lane, v_cap, seconds[i], at);
                    past[i] := v_look.past;
                    leaves := coalesce(leaves, array_fill(NULL::timestamptz, ARRAY[cardinality(posts)]));
                    leaves[i] := v_look.leaves_at;
                    v_room := v_look.past + v_cap - lane.posts;
                    v_free_at := v_look.free_at;
                END IF;
            END IF;
        END IF;
        v_room := coalesce(v_room, 0);
        IF v_room <= 0 AND v_lost IS NOT NULL THEN
            -- At the earliest; the window is checked again then.
            v_free_at := least(v_free_at, v_lost[1] + make_interval(secs => seconds[i]));
        END IF;
        granted := least(granted, greatest(v_room, 0));
        clear := least(clear, lane.posts + v_room);
        IF v_room <= 0 AND (v_free_at <= free_at) IS NOT TRUE THEN
            free_at := v_free_at;
            late_window := i;
        END IF;
    END LOOP;
    IF lost IS NOT NULL OR lane.quota_halved > 0 OR lane.quota_group IS NOT NULL OR lane.quota_webhook IS NOT NULL THEN
        clear := NULL;   -- what is free depends on more than the windows
    END IF;
    IF lane.quota_webhook > 0 AND granted > 0 THEN
        SELECT g.granted, g.free_at, g.late_window INTO granted, free_at, late_window
          FROM o365_internal.quota_grant_of_group(lane.quota_webhook, lane.subscription_id, granted, seconds,
                                                   v_most, at) AS g;
    END IF;
    IF lane.quota_group IS NOT NULL AND granted > 0 THEN
        SELECT g.granted, g.free_at, g.late_window INTO granted, free_at, late_window
          FROM (SELECT array_agg(w.seconds + w.margin ORDER BY w.n) AS seconds,
                       array_agg(CASE w.per WHEN 'bot' THEN w.posts END ORDER BY w.n) AS posts
                  FROM o365_internal.quota_window AS w WHERE w.dialect = 'workflow') AS w
         CROSS JOIN LATERAL o365_internal.quota_grant_of_group(lane.quota_group, lane.subscription_id, granted,
                                                               w.seconds, w.posts, at) AS g;
    END IF;
    IF granted > 0 AND (lane.quota_webhook > 0 OR lane.quota_group IS NOT NULL) THEN
        PERFORM o365_internal.quota_take(lane, granted, lease_until);
    END IF;
    RETURN ROW(granted, past, clear, lost, free_at, late_window, leaves)::o365_internal.quota_granted;
END $$;
COMMENT ON FUNCTION o365_internal.quota_grant(o365_internal.lane, integer[], integer[], timestamptz, timestamptz) IS
    'How many POSTs a lane that is about to be leased may make, so that no window of the far end is exceeded. seconds '
    'and posts: its dialect''s windows by quota_window.n; posts null: no limit applies. granted: null where none does. '
    '0: with free_at, when the next POST is free and for which window, or without one: another worker has its group '
    'this moment. past, clear, lost and leaves: the new values of the lane''s columns. A lane that is not near a limit '
    'costs no look into its history, nor does a window that no POST has left since the last look. Of the groups that '
    'it is in, its webhook''s and its bot''s, the POSTs are taken at once.';
