CREATE OR REPLACE FUNCTION o365_internal.end_scheduled(card_id bigint, outcome text, reason text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
#variable_conflict use_column
DECLARE
    v_card o365_internal.scheduled;
    v_unclear integer;
    v_reason text;
BEGIN
    DELETE FROM o365_internal.scheduled AS s WHERE s.card_id = end_scheduled.card_id RETURNING s.* INTO v_card;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    DELETE FROM o365_internal.set_aside AS a
     WHERE a.subscription_id = v_card.subscription_id AND a.position = v_card.position
    RETURNING a.unclear INTO v_unclear;
    v_reason := o365_internal.with_doubt(reason, v_unclear);
    INSERT INTO o365_internal.delivery (card_id, subscription_id, connector_id, outcome, reason, event, enqueued_at,
                                        attempts)
        SELECT v_card.card_id, v_card.subscription_id, s.connector_id, end_scheduled.outcome, v_reason,
               v_card.event, least(v_card.enqueued_at, clock_timestamp()),
               (SELECT count(*) FROM o365_internal.attempt AS a
                 WHERE a.card_id = v_card.card_id AND a.at >= v_card.enqueued_at)
          FROM o365_internal.subscription AS s WHERE s.subscription_id = v_card.subscription_id;
    PERFORM o365_internal.note_cards(ARRAY[v_card.subscription_id], ARRAY[v_card.card_id], ARRAY[outcome],
                                     ARRAY[v_reason]);
    RETURN true;
END $$;
COMMENT ON FUNCTION o365_internal.end_scheduled(bigint, text, text) IS
    'Ends a card that is scheduled or set aside with this outcome, as end_cards does for those of the outbox. False '
    'when it is not there (any more). The caller has its lane.';
