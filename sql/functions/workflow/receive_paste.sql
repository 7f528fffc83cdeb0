-- The trigger of o365_programs.paste. Every value of the row that is secret moves by assignment only.
CREATE OR REPLACE FUNCTION o365_internal.receive_paste() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_connector o365_internal.connector;
    v_ticket o365_internal.ticket;
    v_ticket_hash bytea;
    v_existing o365_internal.subscription;
    v_renews_id bigint;
    v_renews o365_internal.subscription;
    v_replaces_id bigint;
    v_dialect text;
    v_id bigint;
    v_attempt o365_internal.connect_attempt;
    v_attempt_id bigint;
    v_too_many text;
    v_refused text;
    v_place text := left(o365_internal.label(new.place), 200);
    v_host text := lower(new.webhook_host COLLATE "C");
    v_webhook_index bytea;
    v_pair record;
    v_sealed bytea;
    v_key_id text;
    v_replacement bytea;
BEGIN
    SELECT c.* INTO v_connector FROM o365_internal.connector AS c
     WHERE c.slug = new.slug AND c.removed_at IS NULL FOR KEY SHARE;
    v_ticket_hash := new.ticket_hash;
    IF new.again IS NOT NULL THEN
        v_ticket_hash := (o365_internal.attempt_to_retry(v_connector.connector_id, new.again,
                                                         new.cookie_hashes::bytea[])).ticket_hash;
    END IF;
    IF v_ticket_hash IS NOT NULL THEN
        -- Locked, so that pastes of one ticket run one after the other.
        SELECT t.* INTO v_ticket FROM o365_internal.ticket AS t
         WHERE t.ticket_hash = v_ticket_hash AND t.connector_id = v_connector.connector_id
           AND t.used_at IS NULL AND t.expires_at > now() FOR UPDATE;
    END IF;
    v_dialect := o365_internal.webhook_dialect(v_host, new.webhook_port::integer);
    -- The connection of this user that gets the webhook: the one of the ticket, else of the form. A link that renews
    -- one connection gives no right to any other.
    v_renews_id := coalesce(v_ticket.renews, new.renews::bigint);
    SELECT s.* INTO v_renews FROM o365_internal.subscription AS s
     WHERE s.subscription_id = v_renews_id AND s.connector_id = v_connector.connector_id
       AND s.app_user = v_ticket.app_user AND s.status <> 'removed';
    IF v_renews.status = 'pending' THEN
        v_renews := NULL;
        v_renews_id := NULL;
    END IF;
    IF new.webhook_url IS NULL THEN
        -- Nothing was pasted: the webhook of an import is to be proven.
        v_renews_id := NULL;
        IF v_renews.awaits_proof AND v_renews.dialect = 'workflow' AND v_renews.status IN ('suspended', 'paused') THEN
            v_existing := v_renews;
            v_dialect := v_existing.dialect;
        ELSE
            v_ticket := NULL;
        END IF;
    END IF;
    v_too_many := o365_internal.is_too_many(v_connector.connector_id, 'workflow', v_ticket);
    v_refused := CASE
        WHEN v_connector.connector_id IS NULL THEN 'unknown_connector'
        WHEN 'workflow' <> ALL (o365_internal.ways_of(v_connector.ways)) THEN 'no_such_way'
        WHEN v_ticket.ticket_hash IS NULL AND (v_ticket_hash IS NOT NULL OR NOT v_connector.allow_anonymous)
             OR new.webhook_url IS NULL AND v_dialect IS NULL THEN 'ticket'
        WHEN v_too_many IS NOT NULL THEN v_too_many
        WHEN v_dialect IS NULL THEN 'refused_host'
        WHEN v_dialect = 'connector' THEN 'connector_webhook'
        WHEN v_renews_id IS NOT NULL AND v_renews.subscription_id IS NULL THEN 'no_place' END;
    v_attempt.connector_id := v_connector.connector_id;
    v_attempt.request_id := new.request_id;
    v_attempt.ticket_hash := v_ticket_hash;
    v_attempt.app_user := v_ticket.app_user;
    v_attempt.schedule := o365_internal.schedule_of(new.schedule);
    IF v_refused IS NULL THEN
        v_webhook_index := o365_internal.blind_index('webhook', new.webhook_url);
        IF new.webhook_url IS NOT NULL THEN
            -- One at a time for one webhook, as callbacks do.
            PERFORM o365_internal.wait_for_webhook(v_webhook_index);
            SELECT s.* INTO v_existing FROM o365_internal.subscription AS s
             WHERE s.connector_id = v_connector.connector_id AND s.app_user = v_ticket.app_user
               AND s.webhook_index = v_webhook_index AND s.status <> 'removed';
        END IF;
        IF v_existing.subscription_id IS NOT NULL THEN
            -- Attempts before lanes, as lock_pasted_attempt.
            PERFORM FROM o365_internal.connect_attempt AS a
              WHERE a.subscription_id = v_existing.subscription_id AND a.way = 'workflow' AND a.outcome = 'pending'
              ORDER BY a.attempt_id FOR UPDATE;
            PERFORM o365_internal.lock_subscription(v_existing.replaces);
            v_existing := o365_internal.lock_subscription(v_existing.subscription_id);
        END IF;
        -- No connection was chosen, and the user has one of that name: the page of the code asks.
        v_replaces_id := v_renews_id;
        IF v_renews_id IS NULL AND (v_existing.subscription_id IS NULL OR v_existing.status = 'pending') THEN
            v_replaces_id := o365_internal.named_place(v_connector.connector_id, v_ticket.app_user,
                                                       coalesce(v_place, v_existing.group_name));
        END IF;
        IF v_existing.status = 'pending' AND v_existing.replaces IS DISTINCT FROM v_replaces_id THEN
            -- It was pasted for another purpose than the first time: the last paste counts.
            PERFORM o365_internal.remove_subscription(
                v_existing.subscription_id, 'user', 'its webhook was pasted again');
            UPDATE o365_internal.connect_attempt AS a SET outcome = 'superseded', consumed_at = now()
             WHERE a.subscription_id = v_existing.subscription_id AND a.way = 'workflow' AND a.outcome = 'pending';
            v_existing := NULL;
        END IF;
        IF v_existing.status = 'removed' THEN
            v_existing := NULL;
        END IF;
        v_refused := CASE
            WHEN new.webhook_url IS NULL
                 AND (v_existing.awaits_proof AND v_existing.status IN ('suspended', 'paused')) IS NOT TRUE
            THEN 'ticket'
            WHEN v_existing.status <> 'pending' AND v_renews_id <> v_existing.subscription_id THEN 'other_place' END;
    END IF;
    IF v_refused IS NOT NULL THEN
        IF o365_internal.may_note_refusal(v_connector.connector_id, 'workflow') THEN
            PERFORM o365_internal.record_paste(v_attempt, v_refused, CASE v_refused
                WHEN 'refused_host' THEN left(new.webhook_host, 253)
                    || CASE WHEN new.webhook_port <> '443' THEN ':' || new.webhook_port ELSE '' END
                WHEN 'too_many' THEN format('%s webhooks were pasted for this connector within a minute',
                                            o365_internal.integer_setting('pastes_per_minute'))
                WHEN 'too_many_with_link' THEN format('%s webhooks were pasted with this ticket', v_ticket.pastes) END);
        END IF;
        RETURN NULL;
    END IF;
    UPDATE o365_internal.ticket AS t SET pastes = t.pastes + 1 WHERE t.ticket_hash = v_ticket.ticket_hash;
    v_attempt.cookie_hash := new.cookie_hash;
    v_attempt.return_url := v_ticket.return_url;
    IF v_existing.status IN ('active', 'paused') AND NOT v_existing.awaits_proof THEN
        v_attempt.subscription_id := v_existing.subscription_id;
        v_attempt_id := o365_internal.record_paste(v_attempt, 'connected', 'unchanged');
        UPDATE o365_internal.subscription AS s SET extra = v_ticket.extra
         WHERE s.subscription_id = v_existing.subscription_id AND v_ticket.extra IS NOT NULL;
        UPDATE o365_internal.ticket AS t SET used_at = now(), attempt_id = v_attempt_id
         WHERE t.ticket_hash = v_ticket.ticket_hash;
        RETURN NULL;
    END IF;
    IF v_existing.status IN ('gone', 'retired') THEN
        -- Cards to such a connection end as cancelled. While it is proven again they wait.
        UPDATE o365_internal.subscription AS s
           SET status = 'suspended', awaits_proof = true,
               status_reason = 'its webhook was pasted again and is not proven yet', status_at = now()
         WHERE s.subscription_id = v_existing.subscription_id;
        PERFORM o365_internal.stop_lane(v_existing.subscription_id);
        PERFORM o365_internal.note_event('suspended', 'user', v_connector.connector_id, v_existing.subscription_id,
                                         'its webhook was pasted again and is not proven yet');
    END IF;
    v_id := v_existing.subscription_id;
    IF v_id IS NULL THEN
        v_id := nextval('o365_internal.subscription_subscription_id_seq');
        v_pair := o365_internal.seal_webhook(v_id, new.webhook_url, NULL, new.sealing_key);
        v_sealed := v_pair.sealed;
        v_key_id := v_pair.key_id;
        IF v_replaces_id IS NOT NULL THEN
            v_pair := o365_internal.seal_webhook(v_replaces_id, new.webhook_url, NULL, new.sealing_key);
            v_replacement := v_pair.sealed;
        END IF;
        INSERT INTO o365_internal.subscription (subscription_id, connector_id, app_user, label, app_state, app_type,
                app_type_normalised, group_name, dialect, webhook_host, sealed, key_id, key_pinned, webhook_index,
                status, status_reason, replaces, replacement, replacement_key_id, extra, schedule)
            VALUES (v_id, v_connector.connector_id, v_ticket.app_user, v_ticket.label, v_ticket.app_state,
                'teams', 'teams', coalesce(v_place, v_renews.group_name), 'workflow', v_host, v_sealed, v_key_id,
                new.sealing_key IS NOT NULL, v_webhook_index, 'pending', 'its webhook is not proven yet',
                v_replaces_id, v_replacement, CASE WHEN v_replacement IS NOT NULL THEN v_key_id END,
                coalesce(v_ticket.extra, v_renews.extra), coalesce(v_attempt.schedule, v_connector.schedule));
        PERFORM o365_internal.make_lane(v_id, v_connector.connector_id, v_host, v_webhook_index, true,
            coalesce(v_attempt.schedule, v_connector.schedule));
    ELSE
        -- Pasted twice: the last paste counts.
        UPDATE o365_internal.connect_attempt AS a SET outcome = 'superseded', consumed_at = now()
         WHERE a.subscription_id = v_id AND a.way = 'workflow' AND a.outcome = 'pending';
        UPDATE o365_internal.subscription AS s
           SET status_at = CASE WHEN s.status = 'pending' THEN now() ELSE s.status_at END,
               group_name = coalesce(v_place, s.group_name), extra = coalesce(v_ticket.extra, s.extra)
         WHERE s.subscription_id = v_id;
    END IF;
    v_attempt.app_state := v_ticket.app_state;
    v_attempt.renews := v_renews.subscription_id;
    v_attempt.subscription_id := v_id;
    v_attempt_id := o365_internal.record_paste(v_attempt, 'pending');
    INSERT INTO o365_internal.proof (attempt_id, card_id)
        VALUES (v_attempt_id, o365_internal.queue_test_card(v_id,
            o365_internal.test_card_text(new.card, v_connector.name), 'proof'));
    -- NULL would say that nothing was inserted; the row itself would be handed on with its secrets,
    -- but a view has nowhere to put it.
    RETURN NULL;
END $$;
COMMENT ON FUNCTION o365_internal.receive_paste() IS
    'Trigger of o365_programs.paste: judges ticket, host and bounds, seals the webhook, makes a subscription that is '
    'pending until its code was typed, and queues the card that shows the code, all in the COPY''s transaction. The '
    'same webhook once more: one that is connected stays as it is, any other is proven anew. What nobody chose to '
    'renew and has the name of a connection of that user replaces that one, or stands beside it, as the user says with '
    'the code (o365_programs.proof). The outcome is read with '
    'o365_programs.responder_paste_outcome.';
