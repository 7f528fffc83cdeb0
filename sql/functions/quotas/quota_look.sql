CREATE OR REPLACE FUNCTION o365_internal.quota_look(
    subscription_id bigint, posts bigint, most integer, seconds integer, at timestamptz,
    OUT past bigint, OUT free_at timestamptz)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_length interval := make_interval(secs => seconds);
    v_after timestamptz := quota_look.at - v_length;
    -- What a clock wrote that was ahead is no POST of this window.
    v_before timestamptz := quota_look.at + interval '10 s';
    v_first bigint;
    v_first_again bigint;
BEGIN
    SELECT d.post_no INTO v_first FROM o365_internal.delivery AS d
     WHERE d.subscription_id = quota_look.subscription_id AND d.at > v_after AND d.at < v_before
       AND d.took_ms IS NOT NULL ORDER BY d.at LIMIT 1;
    IF FOUND AND v_first IS NULL THEN
        -- Older than version 25 of the schema, which began to number them: their numbers are 0 and below.
        past := posts - (SELECT count(*) FROM o365_internal.delivery AS d
                          WHERE d.subscription_id = quota_look.subscription_id AND d.at > v_after AND d.at < v_before
                            AND d.took_ms IS NOT NULL)
                      - (SELECT count(*) FROM o365_internal.attempt AS a
                          WHERE a.subscription_id = quota_look.subscription_id AND a.at > v_after AND a.at < v_before);
        IF posts - past >= most THEN
            SELECT d.at + v_length INTO free_at FROM o365_internal.delivery AS d
             WHERE d.subscription_id = quota_look.subscription_id AND d.at > v_after AND d.at < v_before
               AND d.took_ms IS NOT NULL ORDER BY d.at OFFSET posts - past - most LIMIT 1;
            free_at := coalesce(free_at, quota_look.at + v_length);
        END IF;
        RETURN;
    END IF;
    v_first := coalesce(v_first, posts + 1);
    -- POSTs after which a card was tried again stand apart. Numbers have no gap, and how many more than the limit there
    -- are does not matter.
    SELECT a.post_no INTO v_first_again FROM o365_internal.attempt AS a
     WHERE a.subscription_id = quota_look.subscription_id AND a.post_no >= v_first - most AND a.post_no < v_first
       AND a.at > v_after AND a.at < v_before ORDER BY a.post_no LIMIT 1;
    past := least(v_first, v_first_again) - 1;
    IF posts - past >= most THEN
        -- The next POST is free when the one that lies the limit before it leaves the window.
        SELECT coalesce((SELECT a.at FROM o365_internal.attempt AS a
                          WHERE a.subscription_id = quota_look.subscription_id AND a.post_no = posts + 1 - most
                            AND a.at > v_after AND a.at < v_before LIMIT 1),
                        (SELECT d.at FROM o365_internal.delivery AS d
                          WHERE d.subscription_id = quota_look.subscription_id AND d.at > v_after AND d.at < v_before
                            AND d.post_no > posts - most ORDER BY d.at LIMIT 1), quota_look.at) + v_length INTO free_at;
    END IF;
END $$;
COMMENT ON FUNCTION o365_internal.quota_look(bigint, bigint, integer, integer, timestamptz) IS
    'Looks into the history of a lane, whose POSTs so far are posts, for one window of that many seconds before at. '
    'past: POSTs up to this number are older than the window, so posts - past lie in it. free_at: when the next POST '
    'is free, where most of them lie in it or more; null where it is free now. The caller''s planner settings hold in '
    'here.';
