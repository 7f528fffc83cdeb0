CREATE OR REPLACE FUNCTION o365_programs.responder_landing(slug text, ticket_hash bytea, again text DEFAULT NULL,
    cookie_hashes bytea[] DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_connector o365_internal.connector := o365_internal.connector_by_slug(slug);
    v_ticket o365_internal.ticket;
BEGIN
    IF again IS NOT NULL THEN
        ticket_hash := (o365_internal.attempt_to_retry(v_connector.connector_id, again, cookie_hashes)).ticket_hash;
    END IF;
    IF v_connector.connector_id IS NOT NULL AND ticket_hash IS NOT NULL THEN
        v_ticket := o365_internal.open_ticket(v_connector.connector_id, ticket_hash);
    END IF;
    RETURN o365_internal.connector_page(v_connector) || jsonb_build_object(
        'connect_url', o365_internal.text_setting('connect_url'), 'long_description', v_connector.long_description,
        'events', to_jsonb(v_connector.events), 'account', coalesce(v_ticket.label, v_ticket.app_user),
        'ways', to_jsonb(o365_internal.ways_of(v_connector.ways)),
        'support', v_connector.support, 'schedule', v_connector.schedule,
        'places', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', s.subscription_id::text, 'place', s.group_name)
                                             ORDER BY s.subscription_id), '[]')
                     FROM (SELECT x.subscription_id, x.group_name FROM o365_internal.subscription AS x
                            WHERE x.app_user = v_ticket.app_user AND x.connector_id = v_connector.connector_id
                              AND x.status NOT IN ('pending', 'removed') AND x.group_name IS NOT NULL
                            ORDER BY x.subscription_id DESC LIMIT 20) AS s),
        'unnamed_places', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', s.subscription_id::text,
                                                                        'since', s.connected_at)
                                                     ORDER BY s.subscription_id), '[]')
                             FROM (SELECT x.subscription_id, x.connected_at FROM o365_internal.subscription AS x
                                    WHERE x.app_user = v_ticket.app_user AND x.connector_id = v_connector.connector_id
                                      AND x.status NOT IN ('pending', 'removed') AND x.group_name IS NULL
                                    ORDER BY x.subscription_id DESC LIMIT 20) AS s),
        'renews', (SELECT jsonb_build_object('place', s.group_name) FROM o365_internal.subscription AS s
                    WHERE s.subscription_id = v_ticket.renews),
        'imported', (SELECT jsonb_build_object('place', s.group_name) FROM o365_internal.subscription AS s
                      WHERE s.subscription_id = v_ticket.renews AND s.awaits_proof
                        AND s.status IN ('suspended', 'paused') AND s.dialect = 'workflow'),
        'ticket', CASE WHEN ticket_hash IS NULL THEN 'none' WHEN v_ticket.ticket_hash IS NULL THEN 'invalid'
            ELSE 'valid' END,
        'may_start', v_ticket.ticket_hash IS NOT NULL
            OR (ticket_hash IS NULL AND coalesce(v_connector.allow_anonymous, false)));
END $$;
COMMENT ON FUNCTION o365_programs.responder_landing(text, bytea, text, bytea[]) IS
    'A connector''s landing page, with the account that a ticket (SHA-256) names; may_start says whether the ways in '
    'are shown, renews which place gets a new address, imported the place whose webhook is stored and is to be proven, '
    'ways which ways there are (ways_of), support whom to ask, schedule when a new connection gets its cards unless '
    'its user chooses, places the connections of that account, the newest 20 with a name, unnamed_places those without '
    'one. again: instead of a ticket the request id of an attempt that one of cookie_hashes began; its ticket serves.';
