CREATE OR REPLACE FUNCTION o365_internal.quota_take(
    lane o365_internal.lane, granted integer, lease_until timestamptz) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_variable
BEGIN
    INSERT INTO o365_internal.quota_slot (group_id, subscription_id, lease_no, after_post, posts, at)
        SELECT u.g, lane.subscription_id, lane.lease_no + 1, lane.posts, granted, lease_until
          FROM unnest(ARRAY[lane.quota_webhook, lane.quota_group]) AS u (g) WHERE u.g > 0;
END $$;
COMMENT ON FUNCTION o365_internal.quota_take(o365_internal.lane, integer, timestamptz) IS
    'Takes POSTs of the groups that a lane is in, for the lease that is about to begin.';
