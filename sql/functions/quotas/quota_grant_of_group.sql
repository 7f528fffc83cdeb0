CREATE OR REPLACE FUNCTION o365_internal.quota_grant_of_group(
    lane o365_internal.lane, wanted integer, at timestamptz, lease_until timestamptz,
    OUT granted integer, OUT free_at timestamptz, OUT late_window smallint)
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    v_window record;
    v_used integer;
    v_free_at timestamptz;
BEGIN
    -- (!) Locked before its slots are read, in a statement of their own: two workers never grant the same ones.
    PERFORM FROM o365_internal.quota_group AS g WHERE g.group_id = lane.quota_group FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        granted := CASE WHEN EXISTS (SELECT FROM o365_internal.quota_group AS g WHERE g.group_id = lane.quota_group)
                        THEN 0 ELSE wanted END;
        RETURN;
    END IF;
    granted := wanted;
    -- The far end cannot have seen what a lease was granted later than at its end.
    DELETE FROM o365_internal.quota_slot AS s
     WHERE s.group_id = lane.quota_group AND s.at < at - interval '1 day 1 minute';
    FOR v_window IN SELECT w.n, w.posts, w.seconds + w.margin AS seconds FROM o365_internal.quota_window AS w
                     WHERE w.dialect = 'workflow' AND w.per = 'bot' AND w.posts IS NOT NULL
    LOOP
        v_used := (SELECT coalesce(sum(s.posts), 0) FROM o365_internal.quota_slot AS s
                    WHERE s.group_id = lane.quota_group AND s.at > at - make_interval(secs => v_window.seconds));
        granted := least(granted, greatest(v_window.posts - v_used, 0));
        IF v_used >= v_window.posts THEN
            SELECT s.at + make_interval(secs => v_window.seconds) INTO v_free_at
              FROM (SELECT x.at, x.slot_id, sum(x.posts) OVER (ORDER BY x.at, x.slot_id) AS posts
                      FROM o365_internal.quota_slot AS x
                     WHERE x.group_id = lane.quota_group AND x.at > at - make_interval(secs => v_window.seconds)) AS s
             WHERE s.posts > v_used - v_window.posts ORDER BY s.at, s.slot_id LIMIT 1;
            -- What an open lease leaves over is free when it is reported, perhaps at once.
            IF EXISTS (SELECT FROM o365_internal.quota_slot AS s
                        WHERE s.group_id = lane.quota_group AND s.at > at AND s.lease_no IS NOT NULL) THEN
                v_free_at := least(v_free_at, at + interval '1 s');
            END IF;
            IF (v_free_at <= free_at) IS NOT TRUE THEN
                free_at := v_free_at;
                late_window := v_window.n;
            END IF;
        END IF;
    END LOOP;
    IF granted > 0 THEN
        INSERT INTO o365_internal.quota_slot (group_id, subscription_id, lease_no, after_post, posts, at)
            VALUES (lane.quota_group, lane.subscription_id, lane.lease_no + 1, lane.posts, granted, lease_until);
    END IF;
END $$;
COMMENT ON FUNCTION o365_internal.quota_grant_of_group(o365_internal.lane, integer, timestamptz, timestamptz) IS
    'How many of the wanted POSTs the bot of a lane''s group may make, which are taken for the lease that is about to '
    'begin. 0 with free_at: when to look again, and for which window. 0 without: another worker has the group locked.';
