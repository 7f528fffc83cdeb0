CREATE OR REPLACE FUNCTION o365_internal.quota_settle(subs bigint[], leases bigint[], releases boolean[]) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_slot record;
    v_now timestamptz := clock_timestamp();
BEGIN
    -- Nothing to do if no leased lane belongs to a group.
    IF NOT EXISTS (SELECT FROM o365_internal.quota_slot AS s WHERE s.lease_no IS NOT NULL) THEN
        RETURN;
    END IF;
    FOR v_slot IN
        SELECT s.ctid AS tid, s.group_id, s.subscription_id, least(s.posts, l.posts - s.after_post)::integer AS done,
               u.r AS released
          -- The groups of its webhook and of its bot.
          FROM unnest(subs, leases, releases) AS u (s, l, r)
         CROSS JOIN LATERAL (SELECT x.ctid, x.group_id, x.subscription_id, x.posts, x.after_post
                               FROM o365_internal.quota_slot AS x
                              WHERE x.subscription_id = u.s AND x.lease_no = u.l LIMIT 2) AS s
         CROSS JOIN LATERAL (SELECT x.posts FROM o365_internal.lane AS x
                              WHERE x.subscription_id = u.s AND x.lease_no = u.l LIMIT 1) AS l
    LOOP
        IF v_slot.done > 0 THEN
            INSERT INTO o365_internal.quota_slot (group_id, subscription_id, posts, at)
                VALUES (v_slot.group_id, v_slot.subscription_id, v_slot.done, v_now);
        END IF;
        IF v_slot.released THEN
            DELETE FROM o365_internal.quota_slot AS x WHERE x.ctid = v_slot.tid;
        ELSIF v_slot.done > 0 THEN
            UPDATE o365_internal.quota_slot AS x
               SET posts = x.posts - v_slot.done, after_post = x.after_post + v_slot.done WHERE x.ctid = v_slot.tid;
        END IF;
    END LOOP;
END $$;
COMMENT ON FUNCTION o365_internal.quota_settle(bigint[], bigint[], boolean[]) IS
    'After a report: the POSTs of members of groups count from now, and what a lease that was given back did not use '
    'is free. subs, leases and releases: the lanes of the report, which the caller has locked.';
