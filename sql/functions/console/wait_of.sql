CREATE OR REPLACE FUNCTION o365_internal.wait_of(subscription_id bigint)
RETURNS TABLE (first_card bigint, reason text, why text, until timestamptz, next_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER COST 10 ROWS 1 SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
BEGIN
    IF subscription_id IS NOT NULL THEN
        RETURN QUERY SELECT l.first_card, l.reason, l.why, l.until, l.next_at FROM o365_internal.lane_now AS l
                      WHERE l.subscription_id = wait_of.subscription_id;
    END IF;
END $$;
COMMENT ON FUNCTION o365_internal.wait_of(bigint) IS
    'The row of lane_now of a subscription, as far as o365.cards shows it; none for null, or without cards. SECURITY '
    'DEFINER for the view; cheap to PostgreSQL, or it would compile the view''s question.';
