CREATE OR REPLACE FUNCTION o365_internal.queue_test_card(subscription_id bigint, card text, event text) RETURNS bigint
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_card_id bigint := nextval('o365_internal.card_id');
    v_position bigint := o365_internal.tests_below() - v_card_id;
BEGIN
    -- Before all other cards of its lane: such positions are at or before every cursor, so that claims take them from
    -- the lane's list.
    INSERT INTO o365_internal.outbox (card_id, position, subscription_id, card, event)
        VALUES (v_card_id, v_position, queue_test_card.subscription_id, queue_test_card.card, queue_test_card.event);
    UPDATE o365_internal.lane AS l
       SET late = array_append(coalesce(l.late, '{}'), v_position),
           next_at = least(coalesce(l.next_at, 'infinity'), greatest(now(), l.lease_until))
     WHERE l.subscription_id = queue_test_card.subscription_id;
    RETURN v_card_id;
END $$;
COMMENT ON FUNCTION o365_internal.queue_test_card(bigint, text, text) IS
    'Puts a test card before all that waits in a lane and makes the lane due, held or not: a held lane posts its test '
    'cards and nothing else. In the card {code} stands for the code of proof_code. Returns the card''s id. The caller '
    'has the lane locked.';
