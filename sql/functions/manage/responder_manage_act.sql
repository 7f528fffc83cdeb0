CREATE OR REPLACE FUNCTION o365_programs.responder_manage_act(token_hash bytea, what text, card text DEFAULT NULL,
    ticket_hash bytea DEFAULT NULL, choice jsonb DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_link o365_internal.manage_link := o365_internal.managed(token_hash);
    v_subscription o365_internal.subscription;
    v_page jsonb;
    v_unwanted text[];
    v_card_id bigint;
    v_schedule text;
    v_zone text;
BEGIN
    -- Lock order: link, tickets, lane, because proving a webhook locks ticket and lane in this order. The locks come
    -- before the checks, so that a concurrent press has finished by then.
    PERFORM FROM o365_internal.manage_link AS m WHERE m.token_hash = v_link.token_hash FOR UPDATE;
    IF v_link.kind = 'owner' AND what = 'remove' THEN
        PERFORM o365_internal.end_manage_tickets(v_link.subscription_id);
    END IF;
    IF v_link.subscription_id IS NOT NULL AND what <> 'renew' THEN
        PERFORM o365_internal.lock_subscription(v_link.subscription_id);
    END IF;
    v_page := o365_programs.responder_manage(token_hash);
    IF NOT coalesce((v_page ->> ('may_' || what))::boolean, false) THEN
        RETURN v_page || '{"outcome": "not_now"}';
    END IF;
    IF what IN ('pause', 'resume') AND o365_internal.too_many_presses(v_link.subscription_id) THEN
        RETURN v_page || '{"outcome": "too_many_presses"}';
    END IF;
    CASE what
    WHEN 'pause' THEN
        PERFORM o365_internal.pause_subscription(v_link.subscription_id, 'user', NULL,
                                                 o365_internal.pause_end(choice->>'until'));
    WHEN 'resume' THEN
        PERFORM o365_internal.resume_subscription(v_link.subscription_id, 'user', NULL);
    WHEN 'remove' THEN
        PERFORM o365_internal.remove_subscription(v_link.subscription_id, 'user', NULL);
    WHEN 'test' THEN
        IF o365_internal.too_many_tests(v_link.subscription_id) IS NOT NULL THEN
            RETURN v_page || '{"outcome": "too_many"}';
        END IF;
        v_card_id := o365_internal.queue_test_card(v_link.subscription_id,
            o365_internal.test_card_text(card, v_page ->> 'name'), 'test');
        PERFORM o365_internal.note_event('tested', 'user', NULL, v_link.subscription_id, detail => v_card_id::text);
    WHEN 'events' THEN
        -- The numbers belong to an older list.
        IF v_page->>'events_version' IS DISTINCT FROM choice->>'events_version' THEN
            RETURN v_page || '{"outcome": "not_now"}';
        END IF;
        v_unwanted := ARRAY(SELECT e->>'name' FROM jsonb_array_elements(v_page->'events') AS e
                             WHERE NOT coalesce(choice->'wanted' ? (e->>'n'), false) ORDER BY (e->>'n')::integer);
        UPDATE o365_internal.subscription AS s SET unwanted_events = v_unwanted
         WHERE s.subscription_id = v_link.subscription_id AND s.unwanted_events <> v_unwanted;
        IF FOUND THEN
            PERFORM o365_internal.note_event('changed', 'user', NULL, v_link.subscription_id, detail => 'events');
        END IF;
    WHEN 'schedule' THEN
        -- The page always sends time and day; each schedule uses what it needs.
        v_schedule := o365_internal.schedule_of(concat_ws(' ', choice->>'every',
            'on ' || CASE WHEN choice->>'every' = 'weekly' THEN choice->>'on' END,
            'at ' || CASE WHEN choice->>'every' IN ('daily', 'weekly') THEN choice->>'at' END));
        v_zone := o365_internal.time_zone_of(choice->>'zone');
        IF v_schedule IS NULL THEN
            RETURN v_page || '{"outcome": "no_schedule"}';
        ELSIF v_zone IS NULL THEN
            RETURN v_page || '{"outcome": "no_zone"}';
        END IF;
        PERFORM o365_internal.put_schedule(v_link.subscription_id, v_schedule,
            -- A schedule that was not chosen continues to follow the connector's.
            CASE WHEN v_zone <> v_page->>'time_zone' THEN v_zone
                 ELSE (SELECT s.time_zone FROM o365_internal.subscription AS s
                        WHERE s.subscription_id = v_link.subscription_id) END, 'user', NULL);
    WHEN 'renew' THEN
        SELECT s.* INTO v_subscription FROM o365_internal.subscription AS s
         WHERE s.subscription_id = v_link.subscription_id;
        -- The link's previous ticket ends: there is one at a time, and revoking the link ends it too.
        v_link := o365_internal.managed(token_hash);
        UPDATE o365_internal.ticket AS t SET used_at = now()
         WHERE t.ticket_hash = v_link.ticket_hash AND t.used_at IS NULL;
        -- An unused ticket is deleted, so that presses do not fill the table.
        DELETE FROM o365_internal.ticket AS t
         WHERE t.ticket_hash = v_link.ticket_hash AND t.attempt_id IS NULL AND t.pastes = 0 AND t.starts = 0;
        INSERT INTO o365_internal.ticket (ticket_hash, connector_id, app_user, label, renews, expires_at)
            VALUES (responder_manage_act.ticket_hash, v_subscription.connector_id, v_subscription.app_user,
                v_subscription.label, v_subscription.subscription_id, now() + interval '1 hour');
        UPDATE o365_internal.manage_link AS m SET ticket_hash = responder_manage_act.ticket_hash
         WHERE m.token_hash = responder_manage_act.token_hash;
    END CASE;
    RETURN v_page || '{"outcome": "done"}';
END $$;
COMMENT ON FUNCTION o365_programs.responder_manage_act(bytea, text, text, bytea, jsonb) IS
    'Does what a button on the page of a connection says, when somebody pressed it. what: pause (choice: until, as '
    'pause_end takes it), resume, events (choice: wanted, the numbers of the events that are, as texts, and '
    'events_version), schedule (choice: every, immediate, hourly, daily or weekly; at, on, zone), test (sends card, as '
    'queue_test_card takes it; at most tests_per_minute), renew (makes a ticket with that hash, for a new webhook of '
    'this connection), remove. Returns the page as it was before, with outcome: done, too_many, too_many_presses, '
    'no_schedule, no_zone, or not_now, when the link may not do it or the connection''s status does not allow it.';
