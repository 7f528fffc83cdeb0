CREATE OR REPLACE FUNCTION o365_internal.wait_for_webhook(webhook_index bytea) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- Not an advisory lock, because every role that can connect could hold one. A session that inserts the same key
    -- waits for this transaction to end; the row is gone by then.
    INSERT INTO o365_internal.turn_of_webhook (webhook_index) VALUES ($1);
    DELETE FROM o365_internal.turn_of_webhook AS t WHERE t.webhook_index = $1;
END $$;
COMMENT ON FUNCTION o365_internal.wait_for_webhook(bytea) IS
    'Waits until every other transaction that brought the webhook of that blind index has ended, so that the second '
    'finds what the first has stored, and keeps later ones waiting until this one ends. Bounded by lock_timeout.';
