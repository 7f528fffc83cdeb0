CREATE OR REPLACE FUNCTION o365_internal.put_card(
    card_id bigint, subscription_id bigint, card text, event text, extra jsonb, not_before timestamptz,
    not_after timestamptz, max_age interval, collapse text, dedupe text, urgent boolean) RETURNS bigint
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_variable
DECLARE
    v_not_after timestamptz := nullif(coalesce(not_after, greatest(not_before, now()) + max_age), 'infinity');
    v_first bigint;
BEGIN
    IF dedupe IS NOT NULL THEN
        v_first := o365_internal.deduped(subscription_id, dedupe, card_id);
        IF v_first <> card_id THEN
            RETURN v_first;
        END IF;
    END IF;
    IF collapse IS NOT NULL THEN
        INSERT INTO o365_internal.collapse (subscription_id, key, card_id) VALUES (subscription_id, collapse, card_id);
    END IF;
    IF not_before > now() THEN
        INSERT INTO o365_internal.scheduled (card_id, subscription_id, due_at, card, event, extra, not_after,
                                             collapse_key, urgent, enqueued_at)
            VALUES (card_id, subscription_id, not_before, card, event, nullif(extra, '{}'), v_not_after, collapse,
                    nullif(urgent, false), not_before);
    ELSE
        INSERT INTO o365_internal.outbox (card_id, position, subscription_id, card, event, extra, not_after,
                                          collapse_key)
            VALUES (card_id, card_id + CASE WHEN urgent THEN o365_internal.tests_below() ELSE 0 END, subscription_id,
                    card, event, nullif(extra, '{}'), v_not_after, collapse);
    END IF;
    RETURN card_id;
END $$;
COMMENT ON FUNCTION o365_internal.put_card(bigint, bigint, text, text, jsonb, timestamptz, timestamptz, interval, text,
    text, boolean) IS
    'Puts a judged card with options into the outbox or, for a time to come, into scheduled; returns its card_id. '
    'Where a card was sent before with the same dedupe key it does nothing, and returns that one''s.';
