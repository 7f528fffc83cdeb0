CREATE OR REPLACE FUNCTION o365_internal.record_paste(
    a o365_internal.connect_attempt, outcome text, detail text DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_attempt_id bigint;
BEGIN
    INSERT INTO o365_internal.connect_attempt AS n (connector_id, way, ticket_hash, cookie_hash, app_user,
            app_state, return_url, renews, expires_at, consumed_at, outcome, detail, request_id, subscription_id,
            schedule)
        VALUES (a.connector_id, 'workflow', a.ticket_hash, a.cookie_hash, a.app_user, a.app_state, a.return_url,
            a.renews, now(), now(), record_paste.outcome, record_paste.detail, a.request_id,
            a.subscription_id, a.schedule)
        RETURNING n.attempt_id INTO v_attempt_id;
    RETURN v_attempt_id;
END $$;
COMMENT ON FUNCTION o365_internal.record_paste(o365_internal.connect_attempt, text, text) IS
    'Notes an attempt that pasted a webhook, with its outcome; of a the columns that such an attempt has are taken. '
    'Returns the attempt''s number.';
