CREATE OR REPLACE FUNCTION o365_internal.attempt_by_public_id(connector_id integer, id text)
    RETURNS o365_internal.connect_attempt
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_attempt o365_internal.connect_attempt;
BEGIN
    IF id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN
        SELECT a.* INTO v_attempt FROM o365_internal.connect_attempt AS a
         WHERE a.public_id = id::uuid AND a.connector_id = attempt_by_public_id.connector_id
           AND a.outcome IN ('connected', 'pending', 'unconfirmed', 'discarded') AND a.of_attempt IS NULL
           -- An attempt by a pasted webhook has another page until the webhook is proven.
           AND (a.way = 'button' OR a.outcome = 'connected');
    END IF;
    RETURN v_attempt;
END $$;
COMMENT ON FUNCTION o365_internal.attempt_by_public_id(integer, text) IS
    'The attempt of that connector which stored a webhook, by the unguessable id in the URL of its page; null for any '
    'other text.';
