CREATE OR REPLACE FUNCTION o365_internal.forget_failures(subscription_id bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
BEGIN
    UPDATE o365_internal.lane AS l
       SET failures = 0, failing_since = NULL, throttles = 0, throttled_since = NULL, problem = NULL
     WHERE l.subscription_id = forget_failures.subscription_id;
    UPDATE o365_internal.set_aside AS a
       SET failing_since = NULL, failures = CASE WHEN a.is_aside THEN a.failures ELSE 0 END
     WHERE a.subscription_id = forget_failures.subscription_id AND a.failing_since IS NOT NULL;
END $$;
COMMENT ON FUNCTION o365_internal.forget_failures(bigint) IS
    'A subscription has another webhook: what cards failed at with the older one is not charged to it. That one may '
    'have been shown stays, and how often it was posted without a clear answer. The caller has the lane locked.';
