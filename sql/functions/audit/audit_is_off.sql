CREATE OR REPLACE FUNCTION o365_internal.audit_is_off(subscription_id bigint, at timestamptz) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_before record;
    v_after text;
BEGIN
    SELECT e.detail, e.at INTO v_before FROM o365_internal.event AS e
     WHERE e.subscription_id = $1 AND e.at <= $2 AND e.kind = 'changed' AND e.detail IN ('quotas off', 'quotas kept')
     ORDER BY e.at DESC LIMIT 1;
    IF FOUND THEN
        -- A lease that was granted while the limits were off may still make the POSTs that it was granted.
        RETURN v_before.detail = 'quotas off' OR v_before.at > $2 - o365_internal.audit_lease();
    END IF;
    SELECT e.detail INTO v_after FROM o365_internal.event AS e
     WHERE e.subscription_id = $1 AND e.at > $2 AND e.kind = 'changed' AND e.detail IN ('quotas off', 'quotas kept')
     ORDER BY e.at LIMIT 1;
    IF FOUND THEN
        RETURN v_after = 'quotas kept';
    END IF;
    RETURN coalesce((SELECT l.quota_off FROM o365_internal.lane AS l WHERE l.subscription_id = $1 LIMIT 1), false);
END $$;
COMMENT ON FUNCTION o365_internal.audit_is_off(bigint, timestamptz) IS
    'Whether the limits of a connection were off at a time, or until a lease before it, as far as the events tell.';
