CREATE OR REPLACE FUNCTION o365_internal.post_before(subscription_id bigint, before timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_variable
BEGIN
    RETURN greatest(
        (SELECT d.post_no FROM o365_internal.delivery AS d
          WHERE d.subscription_id = post_before.subscription_id AND d.at < before AND d.post_no IS NOT NULL
          ORDER BY d.at DESC LIMIT 1),
        (SELECT max(a.post_no) FROM o365_internal.attempt AS a
          WHERE a.subscription_id = post_before.subscription_id AND a.at < before));
END $$;
COMMENT ON FUNCTION o365_internal.post_before(bigint, timestamptz) IS
    'The number of the last POST of a lane that was reported before a time; null when the history has none.';
