CREATE OR REPLACE FUNCTION o365_programs.responder_start(slug text, ticket_hash bytea, state_hash bytea,
    cookie_hash bytea, request_id text, again text DEFAULT NULL, cookie_hashes bytea[] DEFAULT NULL,
    schedule text DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_connector o365_internal.connector := o365_internal.connector_by_slug(slug);
    v_ticket_hash bytea := ticket_hash;
    v_ticket o365_internal.ticket;
    v_refused text;
    v_minutes integer := o365_internal.integer_setting('state_minutes');
    v_page jsonb := o365_internal.connector_page(v_connector);
BEGIN
    IF v_connector.connector_id IS NULL THEN
        RETURN v_page;
    END IF;
    IF again IS NOT NULL THEN
        v_ticket_hash := (o365_internal.attempt_to_retry(v_connector.connector_id, again, cookie_hashes)).ticket_hash;
    END IF;
    v_ticket := o365_internal.open_ticket(v_connector.connector_id, v_ticket_hash);
    v_refused := CASE
        WHEN 'button' <> ALL (o365_internal.ways_of(v_connector.ways)) THEN 'no_such_way'
        WHEN v_ticket.ticket_hash IS NULL
             AND (v_ticket_hash IS NOT NULL OR again IS NOT NULL OR NOT v_connector.allow_anonymous)
            THEN 'ticket'
        ELSE o365_internal.is_too_many(v_connector.connector_id, 'button', v_ticket) END;
    IF v_refused = 'no_such_way' THEN
        RETURN v_page || jsonb_build_object('started', false, 'reason', v_refused);
    ELSIF v_refused IS NOT NULL THEN
        IF o365_internal.may_note_refusal(v_connector.connector_id, 'button') THEN
            INSERT INTO o365_internal.connect_attempt (connector_id, ticket_hash, expires_at, consumed_at, outcome,
                                                       detail, request_id)
                VALUES (v_connector.connector_id, v_ticket_hash, now(), now(), v_refused, CASE
                    WHEN v_refused = 'too_many' THEN format('%s attempts began for this connector within a minute',
                                                            o365_internal.integer_setting('starts_per_minute'))
                    WHEN v_refused = 'too_many_with_link'
                    THEN format('%s attempts began with this ticket', v_ticket.starts)
                    WHEN v_ticket_hash IS NULL THEN 'there was none'
                    ELSE coalesce((SELECT CASE WHEN t.used_at IS NOT NULL THEN 'it had made a connection already'
                                               WHEN t.expires_at > now()
                                               THEN 'the connection that it renews was removed'
                                               ELSE 'its time had passed' END
                                     FROM o365_internal.ticket AS t
                                    WHERE t.ticket_hash = v_ticket_hash AND t.connector_id = v_connector.connector_id),
                                  'it was never handed out for this connector, or more than a day ago') END,
                    responder_start.request_id);
        END IF;
        RETURN v_page || jsonb_build_object('started', false, 'reason', v_refused);
    END IF;
    UPDATE o365_internal.ticket AS t SET starts = t.starts + 1 WHERE t.ticket_hash = v_ticket.ticket_hash;
    INSERT INTO o365_internal.connect_attempt (connector_id, ticket_hash, state_hash, cookie_hash, app_user, app_state,
                                               return_url, renews, schedule, expires_at)
        VALUES (v_connector.connector_id, v_ticket.ticket_hash, responder_start.state_hash, responder_start.cookie_hash,
                v_ticket.app_user, v_ticket.app_state, v_ticket.return_url, v_ticket.renews,
                o365_internal.schedule_of(responder_start.schedule), now() + make_interval(mins => v_minutes));
    RETURN v_page || jsonb_build_object('started', true, 'connect_url', o365_internal.text_setting('connect_url'),
        'app_id', v_connector.app_id, 'callback_url', v_connector.callback_url,
        'max_age', greatest(v_minutes * 60, ceil(extract(epoch FROM v_ticket.expires_at - now()))::integer));
END $$;
COMMENT ON FUNCTION o365_programs.responder_start(text, bytea, bytea, bytea, text, text, bytea[], text) IS
    'Begins an attempt with the hashes of a new state and cookie. max_age: seconds that the browser keeps the cookie, '
    'as long as state or ticket serve: by it the browser may try again. started is false when the connector wants a '
    'ticket and this is none, and request_id then finds why. again: instead of a ticket, the request id of a failure '
    'page; the ticket is that attempt''s, if one of cookie_hashes shows that this browser began it. schedule: what the '
    'user chose for a new connection, as schedule_of takes it; null for the connector''s.';
