CREATE OR REPLACE FUNCTION o365_internal.is_lost(card_id bigint, since timestamptz) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_variable
BEGIN
    RETURN NOT EXISTS (SELECT FROM o365_internal.delivery AS d WHERE d.card_id = is_lost.card_id AND d.at >= since)
       AND NOT EXISTS (SELECT FROM o365_internal.outbox AS o WHERE o.card_id = is_lost.card_id)
       AND o365_internal.explain_scheduled(card_id) = '{}';
END $$;
COMMENT ON FUNCTION o365_internal.is_lost(bigint, timestamptz) IS
    'Whether a card neither waits, is scheduled, nor has an end since that time.';
