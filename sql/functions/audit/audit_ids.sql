CREATE OR REPLACE FUNCTION o365_internal.audit_ids("from" timestamptz, "to" timestamptz) RETURNS o365_internal.proof_of
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET jit = off AS $$
#variable_conflict use_column
DECLARE
    v o365_internal.proof_of;
    v_low bigint;
    v_high bigint;
    v_known bigint;
BEGIN
    SELECT min(d.card_id), max(d.card_id) INTO v_low, v_high
      FROM o365_internal.delivery AS d WHERE d.at >= $1 AND d.at < $2 AND d.enqueued_at >= $1;
    v_known := (SELECT count(DISTINCT d.card_id) FROM o365_internal.delivery AS d
                 WHERE d.at >= $1 AND d.card_id BETWEEN v_low AND v_high)
             + (SELECT count(*) FROM o365_internal.outbox AS o WHERE o.card_id BETWEEN v_low AND v_high)
             + (SELECT count(*) FROM o365_internal.scheduled AS s
                WHERE s.card_id BETWEEN v_low AND v_high);
    v.checked := coalesce(v_high - v_low + 1, 0);
    v.found := greatest(v.checked - coalesce(v_known, 0), 0);
    RETURN v;
END $$;
COMMENT ON FUNCTION o365_internal.audit_ids(timestamptz, timestamptz) IS
    'Of the numbers between the first and the last card that was sent and ended within the time: how many belong to no '
    'card that has ended or waits.';
