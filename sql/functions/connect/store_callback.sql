-- Every parameter that is secret moves by assignment only, as in keys/seal.sql: never call this in a query.
CREATE OR REPLACE FUNCTION o365_internal.store_callback(
    slug text, request_id text, state_hash bytea, cookie_hash bytea, webhook_host text, webhook_port text,
    webhook_url text, user_object_id text, app_type text, group_name text, fresh_cookie_hash bytea, cookie_hashes text,
    sealing_key text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_attempt record;
    v_ticket_used boolean;
    v_label text;
    v_extra jsonb;
    v_dialect text;
    v_id bigint;
    v_existing bigint;
    v_replaces bigint;
    v_replacement bytea;
    v_detail text;
    v_locked o365_internal.subscription;
    v_before bigint;
    v_pending boolean;
    v_sealed bytea;
    v_key_id text;
    v_pair record;
    v_app_type text := o365_internal.label(app_type);
    v_group_name text := o365_internal.label(group_name);
    -- The collation of an expression propagates into comparisons, for which no index has it; assigning the value to a
    -- variable ends that.
    v_kind text := lower(v_app_type COLLATE "C");
    v_host text := lower(webhook_host COLLATE "C");
    v_index_key bytea;
    v_webhook_index bytea;
    v_user_index bytea;
    v_public_url text;
    v_passed text;
BEGIN
    SELECT k.key, p.value INTO STRICT v_index_key, v_public_url
      FROM o365_internal.index_key AS k JOIN o365_internal.setting AS p ON p.name = 'public_url';
    v_dialect := o365_internal.webhook_dialect(v_host, webhook_port::integer);
    v_webhook_index := o365_internal.blind_index('webhook', webhook_url, v_index_key);
    v_attempt := o365_internal.judge_attempt(slug, request_id, state_hash, cookie_hash, fresh_cookie_hash,
                                             v_webhook_index, CASE WHEN v_dialect IS NULL THEN 'refused_host' END);
    IF v_attempt.verdict <> 'open' THEN
        RETURN false;
    END IF;
    IF v_dialect IS NULL THEN
        PERFORM o365_internal.end_attempt(v_attempt.attempt_id, request_id, 'refused_host',
                                          left(webhook_host, 253), NULL);
        RETURN false;
    END IF;
    IF v_attempt.ticket_hash IS NOT NULL THEN
        -- Locked: two attempts of one ticket may come back at the same moment,
        -- and the second reads what the first wrote.
        SELECT t.used_at IS NOT NULL, t.label, t.extra INTO v_ticket_used, v_label, v_extra
          FROM o365_internal.ticket AS t
         WHERE t.ticket_hash = v_attempt.ticket_hash FOR UPDATE;
        IF v_ticket_used THEN
            PERFORM o365_internal.end_attempt(v_attempt.attempt_id, request_id, 'used',
                                              'the ticket had made a connection already', NULL);
            RETURN false;
        END IF;
    END IF;
    v_user_index := o365_internal.blind_index('user_object_id', user_object_id, v_index_key);
    -- Callbacks with the same webhook run one at a time: the second one renews what the first has stored.
    PERFORM o365_internal.wait_for_webhook(v_webhook_index);
    IF v_attempt.stateless THEN
        v_before := o365_internal.stateless_before(v_attempt.connector_id, v_webhook_index, cookie_hashes::bytea[]);
        IF v_before IS NOT NULL THEN
            UPDATE o365_internal.connect_attempt AS a
               SET outcome = 'repeated', consumed_at = now(), request_id = store_callback.request_id,
                   of_attempt = v_before, cookie_hash = NULL,
                   subscription_id = (SELECT b.subscription_id FROM o365_internal.connect_attempt AS b
                                       WHERE b.attempt_id = v_before)
             WHERE a.attempt_id = v_attempt.attempt_id;
            RETURN false;
        END IF;
    END IF;
    SELECT s.subscription_id INTO v_existing FROM o365_internal.subscription AS s
     WHERE s.connector_id = v_attempt.connector_id AND s.app_user = v_attempt.app_user
       AND s.webhook_index = v_webhook_index AND s.status <> 'removed';
    -- Another webhook for a place that is connected.
    -- A webhook that a subscription of the user has already renews that subscription.
    IF v_existing IS NULL THEN
        IF v_attempt.renews IS NOT NULL THEN
            SELECT s.subscription_id INTO v_replaces FROM o365_internal.subscription AS s
             WHERE s.subscription_id = v_attempt.renews AND s.status <> 'removed';
        END IF;
        v_replaces := coalesce(
            v_replaces, o365_internal.same_place(v_attempt.connector_id, v_attempt.app_user, v_kind, v_group_name));
        IF v_replaces = v_attempt.renews AND NOT v_attempt.confirm THEN
            v_existing := v_replaces;
        END IF;
    END IF;
    IF coalesce(v_existing, v_replaces) IS NOT NULL THEN
        v_locked := o365_internal.lock_subscription(coalesce(v_existing, v_replaces));
        IF v_locked.status = 'removed' THEN
            v_existing := NULL;
            v_replaces := NULL;
        END IF;
    END IF;
    -- A renewed connection posts there already, so it is confirmed only if that has not been done yet. The user is
    -- asked before a connection replaces another one.
    v_pending := CASE WHEN v_existing IS NOT NULL
                      THEN (v_attempt.stateless OR v_attempt.confirm) AND v_locked.status = 'pending'
                      ELSE v_attempt.stateless OR v_attempt.confirm OR v_replaces IS NOT NULL END;
    v_id := coalesce(v_existing, nextval('o365_internal.subscription_subscription_id_seq'));
    v_pair := o365_internal.seal_webhook(v_id, webhook_url, user_object_id, sealing_key);
    v_sealed := v_pair.sealed;
    v_key_id := v_pair.key_id;
    IF v_existing IS NOT NULL THEN
        v_detail := CASE WHEN v_locked.webhook_index = v_webhook_index THEN 'unchanged' ELSE 'replaced' END;
        UPDATE o365_internal.subscription AS s
           SET sealed = v_sealed, key_id = v_key_id, key_pinned = store_callback.sealing_key IS NOT NULL,
               secret_version = s.secret_version + 1, renewed_at = now(), user_index = v_user_index,
               webhook_index = v_webhook_index, dialect = v_dialect, webhook_host = v_host,
               app_type = v_app_type, app_type_normalised = v_kind, group_name = v_group_name,
               app_state = coalesce(v_attempt.app_state, s.app_state), label = coalesce(v_label, s.label),
               extra = coalesce(v_extra, s.extra)
         WHERE s.subscription_id = v_id;
        PERFORM o365_internal.move_lane(v_locked, v_host);
        IF v_detail = 'replaced' THEN
            PERFORM o365_internal.forget_failures(v_id);
        END IF;
        IF v_pending THEN
            UPDATE o365_internal.subscription AS s SET status_at = now() WHERE s.subscription_id = v_id;
        ELSE
            PERFORM o365_internal.revive(v_id, v_detail);
            IF v_locked.status = 'active' AND v_detail = 'replaced' THEN
                PERFORM o365_internal.wake(v_id);
            END IF;
        END IF;
    ELSE
        IF v_replaces IS NOT NULL THEN
            v_pair := o365_internal.seal_webhook(v_replaces, webhook_url, user_object_id, sealing_key);
            v_replacement := v_pair.sealed;
        END IF;
        INSERT INTO o365_internal.subscription (subscription_id, connector_id, app_user, app_state, app_type,
                app_type_normalised, group_name, dialect, webhook_host, sealed, key_id, key_pinned, webhook_index,
                user_index, status, status_reason, replaces, replacement, replacement_key_id, label, extra, schedule)
            VALUES (v_id, v_attempt.connector_id, v_attempt.app_user, v_attempt.app_state, v_app_type,
                v_kind, v_group_name, v_dialect, v_host, v_sealed, v_key_id, sealing_key IS NOT NULL,
                v_webhook_index, v_user_index, CASE WHEN v_pending THEN 'pending' ELSE 'active' END,
                CASE WHEN v_pending THEN 'its user has not confirmed it yet' END,
                v_replaces, v_replacement, CASE WHEN v_replaces IS NOT NULL THEN v_key_id END, v_label, v_extra,
                v_attempt.schedule);
        PERFORM o365_internal.make_lane(v_id, v_attempt.connector_id, v_host, v_webhook_index, v_pending,
                                        v_attempt.schedule);
        IF NOT v_pending THEN
            PERFORM o365_internal.note_event('connected', 'user', v_attempt.connector_id, v_id);
        END IF;
    END IF;
    IF v_attempt.ticket_hash IS NOT NULL THEN
        UPDATE o365_internal.ticket AS t SET used_at = now(), attempt_id = v_attempt.attempt_id
         WHERE t.ticket_hash = v_attempt.ticket_hash;
    END IF;
    PERFORM o365_internal.end_attempt(v_attempt.attempt_id, request_id,
                                      CASE WHEN v_pending THEN 'pending' ELSE 'connected' END, v_detail, v_id);
    -- The usual page, handed on to responder_callback_outcome: it need not read what was written here.
    IF NOT v_pending AND v_attempt.clean_page = '302' THEN
        v_passed := set_config('o365.connected',
            (coalesce(nullif(current_setting('o365.connected', true), '')::jsonb, '{}') || jsonb_build_object(
                request_id, jsonb_build_object('found', true, 'outcome', 'connected', 'location',
                    coalesce(v_attempt.return_url,
                        v_public_url || '/connect/' || slug || '/done/' || v_attempt.public_id))))::text, true);
    END IF;
    RETURN true;
END $$;
COMMENT ON FUNCTION o365_internal.store_callback(text, text, bytea, bytea, text, text, text, text, text, text, bytea,
                                                 text, text) IS
    'Judges the attempt of a callback, seals webhook and user object id, makes or renews the subscription and consumes '
    'the state. The parameters are the columns of o365_programs.callback. True when the callback connects.';
