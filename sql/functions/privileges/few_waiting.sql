CREATE OR REPLACE FUNCTION o365_internal.few_waiting()
RETURNS TABLE (card_id bigint, subscription_id bigint, event text, enqueued_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 100 SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
    v_few bigint[] := o365_internal.few_subscriptions();
BEGIN
    IF v_few IS NOT NULL AND o365_internal.few_wait(v_few) THEN
        RETURN QUERY SELECT o.card_id, o.subscription_id, o.event, o.enqueued_at FROM o365_internal.outbox AS o
            WHERE o.subscription_id = ANY (v_few);
    END IF;
END $$;
COMMENT ON FUNCTION o365_internal.few_waiting() IS
    'The cards that wait for few_subscriptions(), where they are few; none for whoever sees many.';
