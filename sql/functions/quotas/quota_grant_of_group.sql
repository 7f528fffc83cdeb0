CREATE OR REPLACE FUNCTION o365_internal.quota_grant_of_group(
    group_id integer, subscription_id bigint, wanted integer, seconds integer[], posts integer[], at timestamptz,
    OUT granted integer, OUT free_at timestamptz, OUT late_window smallint)
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
DECLARE
    c_turn CONSTANT interval := '50 ms';
    v_used integer;
    v_own integer;
    v_of integer := 0;      -- the window that was looked at so far that reaches back furthest, and what lies in it
    v_of_used integer;
    v_free_at timestamptz;
BEGIN
    -- (!) Locked before its slots are read, in a statement of its own, so that two workers never grant the same ones. A
    -- session that removes a lane keeps the group from being deleted, but blocks nobody.
    PERFORM FROM o365_internal.quota_group AS g WHERE g.group_id = group_id FOR NO KEY UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        granted := CASE WHEN EXISTS (SELECT FROM o365_internal.quota_group AS g WHERE g.group_id = group_id)
                        THEN 0 ELSE wanted END;
        RETURN;
    END IF;
    granted := wanted;
    -- The far end cannot have got the POSTs of a lease later than at its end.
    DELETE FROM o365_internal.quota_slot AS s WHERE s.group_id = group_id AND s.at < at - interval '1 day 1 minute';
    FOR i IN REVERSE cardinality(posts) .. 1 LOOP
        CONTINUE WHEN posts[i] IS NULL OR seconds[i] <= v_of AND v_of_used + granted <= posts[i];
        SELECT coalesce(sum(s.posts), 0), coalesce(sum(s.posts) FILTER (WHERE s.subscription_id = subscription_id), 0)
          INTO v_used, v_own FROM o365_internal.quota_slot AS s
         WHERE s.group_id = group_id AND s.at > at - make_interval(secs => seconds[i]);
        IF seconds[i] > v_of THEN
            v_of := seconds[i];
            v_of_used := v_used;
        END IF;
        granted := least(granted, greatest(posts[i] - v_used, 0));
        IF v_used >= posts[i] THEN
            SELECT s.at + make_interval(secs => seconds[i]) INTO v_free_at
              FROM (SELECT x.at, x.slot_id, sum(x.posts) OVER (ORDER BY x.at, x.slot_id) AS posts
                      FROM o365_internal.quota_slot AS x
                     WHERE x.group_id = group_id AND x.at > at - make_interval(secs => seconds[i])) AS s
             WHERE s.posts > v_used - posts[i] ORDER BY s.at, s.slot_id LIMIT 1;
            -- POSTs that an open lease does not use become free with its report, perhaps at once.
            IF EXISTS (SELECT FROM o365_internal.quota_slot AS s
                        WHERE s.group_id = group_id AND s.at > at AND s.lease_no IS NOT NULL) THEN
                v_free_at := least(v_free_at, at + interval '1 s');
            END IF;
            -- A lane that has posted more in the window checks later, so that they take turns.
            v_free_at := v_free_at + c_turn * v_own / v_used;
            IF (v_free_at <= free_at) IS NOT TRUE THEN
                free_at := v_free_at;
                late_window := i;
            END IF;
        END IF;
    END LOOP;
END $$;
COMMENT ON FUNCTION o365_internal.quota_grant_of_group(integer, bigint, integer, integer[], integer[], timestamptz) IS
    'How many of the wanted POSTs a group leaves to a lane of it by these windows (by quota_window.n, null posts: no '
    'limit). 0 with free_at: when to look again, and for which window. 0 without: another worker has the group '
    'locked. The caller takes what it grants within the same transaction.';
