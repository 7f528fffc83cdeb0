CREATE OR REPLACE FUNCTION o365_internal.record_paste(
    connector_id integer, request_id text, ticket_hash bytea, app_user text, outcome text, detail text DEFAULT NULL,
    subscription_id bigint DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO o365_internal.connect_attempt (connector_id, way, ticket_hash, app_user, expires_at, consumed_at, outcome,
            detail, request_id, subscription_id)
        VALUES (record_paste.connector_id, 'workflow', record_paste.ticket_hash, record_paste.app_user, now(), now(),
            record_paste.outcome, record_paste.detail, record_paste.request_id, record_paste.subscription_id);
END $$;
COMMENT ON FUNCTION o365_internal.record_paste(integer, text, bytea, text, text, text, bigint) IS
    'Notes a pasted webhook that needs no proof: one that was refused, or that is connected already.';
