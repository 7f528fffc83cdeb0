CREATE OR REPLACE FUNCTION o365_internal.lock_card_action(card_id bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off AS $$
BEGIN
    -- (!) NOWAIT, and this lock first: it conflicts with the deletion of the row alone, by o365.remove or
    -- o365.erase_user in a transaction that may stay open for long.
    PERFORM FROM o365_internal.card_action AS a WHERE a.card_id = lock_card_action.card_id FOR KEY SHARE NOWAIT;
    -- Another press has the row; it ends in a moment.
    PERFORM FROM o365_internal.card_action AS a WHERE a.card_id = lock_card_action.card_id FOR NO KEY UPDATE;
END $$;
COMMENT ON FUNCTION o365_internal.lock_card_action(bigint) IS
    'Locks the actions of a card for a press: presses of a card are judged one by one. Waits for another press, and '
    'for nobody else. Error: lock_not_available, when somebody removes the connection and has not committed: whether '
    'the button still exists is not decided.';
