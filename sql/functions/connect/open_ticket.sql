CREATE OR REPLACE FUNCTION o365_internal.open_ticket(connector_id integer, ticket_hash bytea)
RETURNS o365_internal.ticket
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_ticket o365_internal.ticket := (SELECT t FROM o365_internal.ticket AS t
        WHERE t.ticket_hash = $2 AND t.connector_id = $1 AND t.used_at IS NULL AND t.expires_at > now());
BEGIN
    IF v_ticket.renews IS NOT NULL
       AND (SELECT s.status FROM o365_internal.subscription AS s
             WHERE s.subscription_id = v_ticket.renews) = 'removed' THEN
        RETURN NULL;
    END IF;
    RETURN v_ticket;
END $$;
COMMENT ON FUNCTION o365_internal.open_ticket(integer, bytea) IS
    'The ticket if it can still start a connection of this connector, else null: it was used, its time has passed, or '
    'the connection that it renews was removed.';
