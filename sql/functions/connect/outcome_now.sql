CREATE OR REPLACE FUNCTION o365_internal.outcome_now(a o365_internal.connect_attempt) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT CASE
        WHEN (a).attempt_id IS NULL THEN NULL
        WHEN (a).outcome IS NULL THEN CASE WHEN (a).expires_at <= clock_timestamp() THEN 'abandoned' ELSE 'open' END
        WHEN (a).outcome <> 'pending' THEN (a).outcome
        WHEN (a).way = 'workflow' THEN CASE
            WHEN o365_internal.proof_is_open((a).attempt_id)
                 AND EXISTS (SELECT FROM o365_internal.subscription AS s
                              WHERE s.subscription_id = (a).subscription_id AND s.status <> 'removed') THEN 'pending'
            ELSE 'unconfirmed' END
        ELSE (SELECT CASE WHEN o365_internal.may_confirm(s) THEN 'pending'
                          WHEN s.status IN ('pending', 'removed') THEN 'unconfirmed' ELSE 'connected' END
                FROM o365_internal.subscription AS s WHERE s.subscription_id = (a).subscription_id) END);
END $$;
COMMENT ON FUNCTION o365_internal.outcome_now(o365_internal.connect_attempt) IS
    'How an attempt stands: its outcome, or open, abandoned and unconfirmed as time has made them before a sweep '
    'writes that down. Null for no row.';
