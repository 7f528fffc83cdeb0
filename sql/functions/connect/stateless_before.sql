CREATE OR REPLACE FUNCTION o365_internal.stateless_before(connector_id integer, webhook_index bytea,
                                                          cookie_hashes bytea[])
RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN (SELECT a.attempt_id FROM o365_internal.subscription AS s
      JOIN o365_internal.connect_attempt AS a ON a.subscription_id = s.subscription_id AND a.state_hash IS NULL
          AND a.of_attempt IS NULL
     WHERE s.connector_id = $1 AND s.app_user IS NULL AND s.webhook_index = $2 AND s.status <> 'removed'
       AND a.cookie_hash = ANY ($3) AND o365_internal.outcome_now(a) IN ('connected', 'pending')
     ORDER BY a.attempt_id DESC LIMIT 1);
END $$;
COMMENT ON FUNCTION o365_internal.stateless_before(integer, bytea, bytea[]) IS
    'The attempt without a state of ours by which this browser has connected this webhook already; null when there is '
    'none.';
