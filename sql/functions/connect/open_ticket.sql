CREATE OR REPLACE FUNCTION o365_internal.open_ticket(connector_id integer, ticket_hash bytea) RETURNS o365_internal.ticket
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN (SELECT t FROM o365_internal.ticket AS t
     WHERE t.ticket_hash = $2 AND t.connector_id = $1 AND t.used_at IS NULL AND t.expires_at > now());
END $$;
COMMENT ON FUNCTION o365_internal.open_ticket(integer, bytea) IS 'The ticket if it can still start a connection of this connector, else null.';
