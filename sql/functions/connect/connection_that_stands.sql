CREATE OR REPLACE FUNCTION o365_internal.connection_that_stands(connector_id integer, request_id text,
                                                                cookie_hashes bytea[])
RETURNS o365_internal.subscription
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN (SELECT s FROM o365_internal.connect_attempt AS request
      LEFT JOIN o365_internal.connect_attempt AS its ON its.attempt_id = request.of_attempt
      LEFT JOIN o365_internal.ticket AS t ON t.ticket_hash = coalesce(request.ticket_hash, its.ticket_hash)
      JOIN o365_internal.connect_attempt AS a ON a.attempt_id IN (request.of_attempt, t.attempt_id)
          AND a.cookie_hash = ANY ($3)
      JOIN o365_internal.subscription AS s ON s.subscription_id = a.subscription_id
          AND s.status NOT IN ('pending', 'removed')
     WHERE request.request_id = $2 AND request.connector_id = $1
       AND request.outcome IN ('already_connected', 'used', 'ticket')
       AND a.connector_id = $1 AND a.outcome IN ('connected', 'pending')
     ORDER BY request.attempt_id DESC, a.attempt_id DESC LIMIT 1);
END $$;
COMMENT ON FUNCTION o365_internal.connection_that_stands(integer, text, bytea[]) IS
    'The connection that a state or ticket which is used up has made, for the failure page with that request id, if '
    'this browser made it: one of its cookies says so. Null otherwise.';
