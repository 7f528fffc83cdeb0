-- The trigger of o365_programs.import. Every value of the row that is secret moves by assignment only.
CREATE OR REPLACE FUNCTION o365_internal.receive_import() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_connector o365_internal.connector;
    v_existing o365_internal.subscription;
    v_place o365_internal.subscription;
    v_proves boolean := new.ticket_hash IS NOT NULL;
    v_is_try boolean := new.dry_run::boolean;
    v_label text := left(o365_internal.label(new.label), 200);
    v_group text := left(o365_internal.label(new.group_name), 200);
    v_host text := lower(new.webhook_host COLLATE "C");
    v_dialect text;
    v_verdict text;
    v_id bigint;
    v_webhook_index bytea;
    v_pair record;
    v_sealed bytea;
    v_key_id text;
BEGIN
    SELECT c.* INTO v_connector FROM o365_internal.connector AS c
     WHERE c.slug = new.slug AND c.removed_at IS NULL FOR KEY SHARE;
    IF v_connector.connector_id IS NULL THEN
        RAISE EXCEPTION 'there is no connector %', quote_nullable(new.slug)
            USING ERRCODE = 'undefined_object', HINT = 'select slug from o365.connectors lists them.';
    END IF;
    IF v_proves AND 'workflow' <> ALL (o365_internal.ways_of(v_connector.ways)) THEN
        RAISE EXCEPTION 'connector % does not offer the page on which its users type the code', quote_literal(new.slug)
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = format('Import with --active, or '
                                'select o365.alter_connector(%L, ways => ''{workflow,button}'').', new.slug);
    END IF;
    IF v_proves AND o365_internal.text_setting('public_url') = '' THEN
        RAISE EXCEPTION 'the setting public_url is empty, so there are no links for users'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Import with --active, or select o365.set(''public_url'', ''https://...'').';
    END IF;
    v_dialect := o365_internal.webhook_dialect(v_host, new.webhook_port::integer);
    v_verdict := CASE WHEN NOT o365_internal.may_connect_user(new.app_user) THEN 'app_user'
                      WHEN v_dialect IS NULL THEN 'refused_host'
                      WHEN v_dialect = 'connector' THEN 'connector_webhook' END;
    IF v_verdict IS NOT NULL THEN
        PERFORM o365_internal.import_verdict(new.line::integer, v_verdict);
        RETURN NULL;
    END IF;
    v_webhook_index := o365_internal.blind_index('webhook', new.webhook_url);
    -- One at a time for one webhook, as callbacks do.
    PERFORM o365_internal.wait_for_webhook(v_webhook_index);
    SELECT s.* INTO v_existing FROM o365_internal.subscription AS s
     WHERE s.connector_id = v_connector.connector_id AND s.app_user = new.app_user AND s.webhook_index = v_webhook_index
       AND s.status <> 'removed';
    IF v_existing.subscription_id IS NULL AND v_group IS NOT NULL THEN
        v_place.subscription_id := coalesce(o365_internal.same_place(v_connector.connector_id, new.app_user,
                                                                     'teams', v_group),
                                            o365_internal.same_place(v_connector.connector_id, new.app_user,
                                                                     'groups', v_group));
    END IF;
    IF NOT v_is_try THEN
        -- Attempts before lanes, as lock_pasted_attempt.
        PERFORM FROM o365_internal.connect_attempt AS a
          WHERE a.subscription_id = ANY (ARRAY[v_existing.subscription_id, v_place.subscription_id])
            AND a.way = 'workflow' AND a.outcome = 'pending'
          ORDER BY a.attempt_id FOR UPDATE;
    END IF;
    IF v_existing.replaces IS NOT NULL AND NOT v_is_try THEN
        -- Before its successor, as proving does.
        v_place := o365_internal.lock_subscription(v_existing.replaces);
    END IF;
    v_id := coalesce(v_existing.subscription_id, v_place.subscription_id);
    IF v_id IS NOT NULL AND NOT v_is_try THEN
        IF v_existing.subscription_id IS NOT NULL THEN
            v_existing := o365_internal.lock_subscription(v_id);
        ELSE
            v_place := o365_internal.lock_subscription(v_id);
        END IF;
        -- The session that had it locked may have removed it.
        IF coalesce(v_existing.status, v_place.status) = 'removed' THEN
            v_existing := NULL;
            v_place := NULL;
        END IF;
    ELSIF v_existing.subscription_id IS NULL AND v_id IS NOT NULL THEN
        SELECT s.* INTO v_place FROM o365_internal.subscription AS s WHERE s.subscription_id = v_id;
    END IF;
    -- The user of a pending connection is proving it right now. A working connection is not stopped for a proof.
    v_verdict := CASE WHEN v_existing.status IN ('active', 'paused') OR v_existing.status = 'pending' AND v_proves
                      THEN 'unchanged'
                      WHEN v_proves AND (v_place.status = 'paused'
                                         OR v_place.status = 'active' AND v_place.dialect = 'workflow') THEN 'works'
                      WHEN v_proves THEN 'to_prove'
                      WHEN v_existing.replaces IS NOT NULL THEN 'replaced'
                      WHEN v_existing.subscription_id IS NOT NULL THEN 'activated'
                      WHEN v_place.subscription_id IS NOT NULL THEN 'replaced'
                      ELSE 'connected' END;
    IF v_is_try OR v_verdict IN ('unchanged', 'works') THEN
        PERFORM o365_internal.import_verdict(new.line::integer, v_verdict, v_id);
        RETURN NULL;
    END IF;
    IF v_existing.subscription_id IS NULL THEN
        v_id := coalesce(v_place.subscription_id, nextval('o365_internal.subscription_subscription_id_seq'));
        v_pair := o365_internal.seal_webhook(v_id, new.webhook_url, NULL, new.sealing_key);
        v_sealed := v_pair.sealed;
        v_key_id := v_pair.key_id;
        IF v_place.subscription_id IS NOT NULL THEN
            UPDATE o365_internal.connect_attempt AS a SET outcome = 'superseded', consumed_at = now()
             WHERE a.subscription_id = v_id AND a.way = 'workflow' AND a.outcome = 'pending';
            UPDATE o365_internal.subscription AS s
               SET sealed = v_sealed, key_id = v_key_id, key_pinned = new.sealing_key IS NOT NULL,
                   secret_version = s.secret_version + 1, renewed_at = now(), webhook_index = v_webhook_index,
                   user_index = NULL, dialect = v_dialect, webhook_host = v_host,
                   app_type = 'teams', app_type_normalised = 'teams', group_name = v_group,
                   label = coalesce(v_label, s.label), payload = 'envelope', proved_at = NULL
             WHERE s.subscription_id = v_id;
            PERFORM o365_internal.move_lane(v_place, v_host);
            IF v_place.webhook_index IS DISTINCT FROM v_webhook_index THEN
                PERFORM o365_internal.forget_failures(v_id);
            END IF;
        ELSE
            INSERT INTO o365_internal.subscription (subscription_id, connector_id, app_user, label, app_type,
                    app_type_normalised, group_name, dialect, webhook_host, sealed, key_id, key_pinned,
                    webhook_index, status, schedule)
                VALUES (v_id, v_connector.connector_id, new.app_user, v_label, 'teams', 'teams', v_group, v_dialect,
                    v_host, v_sealed, v_key_id, new.sealing_key IS NOT NULL, v_webhook_index, 'active',
                    v_connector.schedule);
            PERFORM o365_internal.make_lane(v_id, v_connector.connector_id, v_host, v_webhook_index, false,
                                            v_connector.schedule);
        END IF;
    END IF;
    IF v_proves THEN
        PERFORM o365_internal.await_proof(v_id);
    ELSIF v_existing.replaces IS NOT NULL AND v_place.status NOT IN ('pending', 'removed') THEN
        PERFORM o365_internal.replace_webhook(v_place, v_existing);
        v_id := v_place.subscription_id;
    ELSE
        PERFORM o365_internal.revive(v_id);
        IF v_place.status = 'active' THEN
            PERFORM o365_internal.wake(v_id);
        END IF;
    END IF;
    IF v_proves THEN
        INSERT INTO o365_internal.ticket (ticket_hash, connector_id, app_user, renews, label, expires_at)
            VALUES (new.ticket_hash, v_connector.connector_id, new.app_user, v_id, v_label, now() + interval '7 days')
            -- The same transaction is repeated, because the result of its commit was lost.
            ON CONFLICT (ticket_hash) DO NOTHING;
    END IF;
    PERFORM o365_internal.import_verdict(new.line::integer, v_verdict, v_id);
    -- NULL would say that nothing was inserted; the row itself would be handed on with its secrets,
    -- but a view has nowhere to put it.
    RETURN NULL;
END $$;
COMMENT ON FUNCTION o365_internal.receive_import() IS
    'Trigger of o365_programs.import: judges user and host, seals the webhook and makes an active subscription, or one '
    'that waits for its user''s code and a ticket for the link to type it; gives the webhook to the connection of the '
    'same user and place where there is one, unless that one works and the new one is to be proven; leaves what has it '
    'already as it is. o365_programs.worker_import_outcome says what became of each row. Errors: undefined_object (no '
    'such connector), object_not_in_prerequisite_state (no page to type a code on, no sealing key).';
