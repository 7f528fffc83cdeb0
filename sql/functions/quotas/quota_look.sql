CREATE OR REPLACE FUNCTION o365_internal.quota_look(
    lane o365_internal.lane, most integer, seconds integer, at timestamptz, OUT past bigint, OUT free_at timestamptz,
    OUT leaves_at timestamptz)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_length interval := make_interval(secs => seconds);
    v_after timestamptz := quota_look.at - v_length;
    -- A time written by a clock that was ahead is not a POST of this window.
    v_before timestamptz := quota_look.at + interval '10 s';
    v_posts bigint := lane.posts;
    v_s bigint := lane.subscription_id;
    v_first bigint;
    v_first_at timestamptz;
    v_again bigint;
    v_again_at timestamptz;
BEGIN
    -- (!) The rows of one report have times that do not follow their numbers. A report has at most 20 POSTs of a lane.
    SELECT x.post_no, x.at INTO v_first, v_first_at
      FROM (SELECT d.post_no, d.at FROM o365_internal.delivery AS d
             WHERE d.subscription_id = v_s AND d.at > v_after AND d.at < v_before AND d.took_ms IS NOT NULL
             ORDER BY d.at LIMIT 20) AS x ORDER BY x.post_no NULLS FIRST LIMIT 1;
    IF FOUND AND v_first IS NULL THEN
        -- POSTs from before version 25 of the schema, which began to number them, have numbers of 0 and below.
        past := v_posts - (SELECT count(*) FROM o365_internal.delivery AS d
                            WHERE d.subscription_id = v_s AND d.at > v_after AND d.at < v_before
                              AND d.took_ms IS NOT NULL)
                        - (SELECT count(*) FROM o365_internal.attempt AS a
                            WHERE a.subscription_id = v_s AND a.at > v_after AND a.at < v_before);
        IF v_posts - past >= most THEN
            SELECT d.at + v_length INTO free_at FROM o365_internal.delivery AS d
             WHERE d.subscription_id = v_s AND d.at > v_after AND d.at < v_before AND d.took_ms IS NOT NULL
             ORDER BY d.at OFFSET v_posts - past - most LIMIT 1;
            free_at := coalesce(free_at, quota_look.at + v_length);
        END IF;
        RETURN;
    END IF;
    v_first := coalesce(v_first, v_posts + 1);
    -- POSTs after which a card was tried again are in another table, and the lane knows the time of the last one.
    -- Numbers have no gap, and it does not matter by how many the limit is exceeded.
    IF lane.retried_at > v_after THEN
        SELECT a.post_no, a.at INTO v_again, v_again_at FROM o365_internal.attempt AS a
         WHERE a.subscription_id = v_s AND a.post_no >= v_first - most AND a.post_no < v_first
           AND a.at > v_after AND a.at < v_before ORDER BY a.post_no LIMIT 1;
        IF FOUND THEN
            v_first := v_again;
            v_first_at := v_again_at;
        END IF;
    END IF;
    past := v_first - 1;
    leaves_at := v_first_at + v_length;
    IF v_posts - past > most THEN
        -- More than the limit, because it was higher: the next POST is free when the POST that precedes it by the limit
        -- leaves the window.
        v_first_at := coalesce((SELECT a.at FROM o365_internal.attempt AS a
                                 WHERE a.subscription_id = v_s AND a.post_no = v_posts + 1 - most
                                   AND a.at > v_after AND a.at < v_before LIMIT 1),
                               (SELECT d.at FROM o365_internal.delivery AS d
                                 WHERE d.subscription_id = v_s AND d.at > v_after AND d.at < v_before
                                   AND d.post_no > v_posts - most ORDER BY d.at LIMIT 1), quota_look.at);
    END IF;
    IF v_posts - past >= most THEN
        free_at := v_first_at + v_length;
    END IF;
END $$;
COMMENT ON FUNCTION o365_internal.quota_look(o365_internal.lane, integer, integer, timestamptz) IS
    'Looks into the history of a lane for one window of that many seconds before at. past: POSTs up to this number are '
    'older than the window, so posts - past lie in it. free_at: when the next POST is free, where most of them lie in '
    'it or more; null where it is free now. leaves_at: when the first POST in it leaves it; null where it is empty, or '
    'its POSTs have no numbers. The caller''s planner settings hold in here.';
