CREATE OR REPLACE FUNCTION o365_internal.way_on(c o365_internal.connector, request_id text, cookie_hashes bytea[])
RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_attempt o365_internal.connect_attempt := o365_internal.attempt_to_retry(c.connector_id, request_id,
                                                                              cookie_hashes);
    v_ticket o365_internal.ticket := o365_internal.open_ticket(c.connector_id, v_attempt.ticket_hash);
BEGIN
    RETURN jsonb_build_object('connect_url', o365_internal.text_setting('connect_url'),
        'account', coalesce(v_ticket.label, v_ticket.app_user), 'website', coalesce(c.landing_page, c.website),
        'again_way', CASE WHEN v_attempt.way = 'button' AND 'button' = ANY (o365_internal.ways_of(c.ways)) THEN 'start'
                          ELSE 'workflow' END,
        'again', CASE WHEN v_ticket.ticket_hash IS NOT NULL THEN 'ticket'
                      WHEN c.allow_anonymous AND v_attempt.ticket_hash IS NULL THEN 'landing' ELSE 'application' END);
END $$;
COMMENT ON FUNCTION o365_internal.way_on(o365_internal.connector, text, bytea[]) IS
    'How a failure page goes on. again: ticket (this browser''s attempt had one that still serves: POST its request id '
    'to again_way: start, or workflow, which shows the ways in), landing (anybody may connect), application (only it '
    'can give a new link). website: the application''s page with the Connect button, where the registration names one '
    '(landing_page), else its site.';
