CREATE OR REPLACE FUNCTION o365_internal.open_hosts() RETURNS integer[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
BEGIN
    RETURN ARRAY(SELECT h.host_id FROM o365_internal.host AS h
                  WHERE (h.held_until > clock_timestamp()) IS NOT TRUE AND h.failing_since IS NULL);
END $$;
COMMENT ON FUNCTION o365_internal.open_hosts() IS
    'The far ends that are neither held nor failing: lanes of the others are not looked at, but for a few probes '
    '(claimable_hosts). A few rows, one for each entry of the allow-list that has webhooks.';
