CREATE OR REPLACE FUNCTION o365_internal.connect_link(
    connector_id integer, app_user text, app_state jsonb, return_url text, renews bigint, label text, extra jsonb,
    lasts interval)
RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_public_url text := o365_internal.text_setting('public_url');
    v_slug text := (SELECT c.slug FROM o365_internal.connector AS c WHERE c.connector_id = connect_link.connector_id);
    v_ticket text;
    v_hash bytea;
BEGIN
    IF v_public_url = '' THEN
        RAISE EXCEPTION 'the setting public_url is empty'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'An operator sets it: select o365.set(''public_url'', ''https://...'')';
    END IF;
    v_ticket := o365_internal.random_token();
    v_hash := sha256(convert_to(v_ticket, 'UTF8'));
    INSERT INTO o365_internal.ticket (ticket_hash, connector_id, app_user, app_state, return_url, renews, label, extra,
                                      expires_at)
        VALUES (v_hash, connect_link.connector_id, connect_link.app_user, connect_link.app_state,
            connect_link.return_url,
            connect_link.renews, connect_link.label, connect_link.extra, now() + connect_link.lasts);
    RETURN v_public_url || '/connect/' || v_slug || '/?ticket=' || v_ticket;
END $$;
COMMENT ON FUNCTION o365_internal.connect_link(integer, text, jsonb, text, bigint, text, jsonb, interval) IS
    'Makes a ticket and returns the link to the landing page that brings it; the database keeps the ticket''s hash. '
    'The arguments are columns of o365_internal.ticket. Error: object_not_in_prerequisite_state when public_url is not '
    'set.';
