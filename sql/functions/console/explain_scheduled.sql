CREATE OR REPLACE FUNCTION o365_internal.explain_scheduled(card_id bigint) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_card record;
BEGIN
    SELECT s.subscription_id, s.due_at, s.not_after, s.position INTO v_card FROM o365_internal.scheduled AS s
     WHERE s.card_id = explain_scheduled.card_id;
    IF v_card.subscription_id IS NULL OR NOT o365_internal.may_see(v_card.subscription_id) THEN
        RETURN '{}';
    END IF;
    RETURN ARRAY[format(CASE WHEN v_card.position IS NULL THEN 'scheduled: it joins the queue of subscription %s at %s'
                             ELSE 'set aside, because it kept failing: it is back in the queue of subscription %s at %s'
                             END, v_card.subscription_id, o365_internal.moment(v_card.due_at)),
                 'it expires at ' || o365_internal.moment(v_card.not_after)];
END $$;
COMMENT ON FUNCTION o365_internal.explain_scheduled(bigint) IS
    'When a card that is scheduled, or was set aside, goes on, sentences without a capital and a full stop; empty for '
    'others, and for cards that the session may not see.';
