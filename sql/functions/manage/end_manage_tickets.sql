CREATE OR REPLACE FUNCTION o365_internal.end_manage_tickets(subscription_id bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
BEGIN
    -- They are marked as used rather than deleted: then a webhook that was pasted with one and waits for its code
    -- cannot connect either.
    UPDATE o365_internal.ticket AS t SET used_at = now()
      FROM o365_internal.manage_link AS m
     WHERE m.subscription_id = $1 AND t.ticket_hash = m.ticket_hash AND t.used_at IS NULL;
END $$;
COMMENT ON FUNCTION o365_internal.end_manage_tickets(bigint) IS
    'Ends the tickets for a new address that the page of a connection made. The caller has not locked the lane: '
    'whoever proves a webhook locks the ticket first.';
