CREATE OR REPLACE FUNCTION o365_programs.responder_manage_link(slug text, id text, cookie_hash bytea, token_hash bytea)
RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_connector o365_internal.connector := o365_internal.connector_by_slug(slug);
    v_attempt o365_internal.connect_attempt := o365_internal.attempt_by_public_id(v_connector.connector_id, id);
    v_page jsonb := o365_internal.connector_page(v_connector)
        || jsonb_build_object('found', v_attempt.attempt_id IS NOT NULL);
BEGIN
    IF v_attempt.outcome IS DISTINCT FROM 'connected' OR v_attempt.cookie_hash IS DISTINCT FROM cookie_hash
       OR NOT EXISTS (SELECT FROM o365_internal.subscription AS s
                       WHERE s.subscription_id = v_attempt.subscription_id AND s.status <> 'removed') THEN
        RETURN v_page || '{"made": false}';
    END IF;
    PERFORM o365_internal.add_manage_link(v_attempt.subscription_id, 'owner', token_hash);
    RETURN v_page || '{"made": true}';
END $$;
COMMENT ON FUNCTION o365_programs.responder_manage_link(text, text, bytea, bytea) IS
    'Makes a link to the page of a connection for the browser that connected, from the page that says so; token_hash: '
    'SHA-256 of the token that the responder made. made is false for any other browser, and when nothing is connected '
    'there.';
