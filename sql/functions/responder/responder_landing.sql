CREATE OR REPLACE FUNCTION o365_programs.responder_landing(slug text, ticket_hash bytea) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_connector o365_internal.connector := o365_internal.connector_by_slug(slug);
    v_ticket o365_internal.ticket;
BEGIN
    IF v_connector.connector_id IS NOT NULL AND ticket_hash IS NOT NULL THEN
        v_ticket := o365_internal.open_ticket(v_connector.connector_id, ticket_hash);
    END IF;
    RETURN o365_internal.connector_page(v_connector) || jsonb_build_object(
        'connect_url', o365_internal.text_setting('connect_url'), 'long_description', v_connector.long_description,
        'events', to_jsonb(v_connector.events), 'account', v_ticket.app_user,
        'renews', (SELECT jsonb_build_object('place', s.group_name) FROM o365_internal.subscription AS s WHERE s.subscription_id = v_ticket.renews),
        'ticket', CASE WHEN ticket_hash IS NULL THEN 'none' WHEN v_ticket.ticket_hash IS NULL THEN 'invalid' ELSE 'valid' END,
        'may_start', v_ticket.ticket_hash IS NOT NULL OR (ticket_hash IS NULL AND coalesce(v_connector.allow_anonymous, false)));
END $$;
COMMENT ON FUNCTION o365_programs.responder_landing(text, bytea) IS
    'A connector''s landing page, with the account that a ticket (SHA-256) names; may_start says whether the button is shown, renews which place '
    'gets a new address.';
