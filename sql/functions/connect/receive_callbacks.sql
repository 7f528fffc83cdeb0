-- The trigger of o365_programs.callbacks (views/callbacks.sql).
-- Every value of the row that is secret moves by assignment only, as in keys/seal.sql.
-- Each statement that writes opens all indexes of its table, so each table is written once for all callbacks.
CREATE OR REPLACE FUNCTION o365_internal.receive_callbacks() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
DECLARE
    v_index_key bytea;
    v_public_url text;
    v_row record;
    v_pair record;
    v_host text;
    v_app_type text;
    v_dialect text;
    v_webhook_index bytea;
    -- By the number of the callback, of those that may go together.
    v_hosts text[];
    v_dialects text[];
    v_webhook_indexes bytea[];
    v_app_types text[];
    v_kinds text[];
    v_group_names text[];
    -- In the order in which they were locked.
    v_locked integer[] := '{}';
    v_attempts bigint[] := '{}';
    v_users text[] := '{}';
    v_turns bytea[] := '{}';
    v_tickets bytea[] := '{}';
    -- A connection each.
    v_numbers integer[] := '{}';
    v_ids bigint[] := '{}';
    v_id bigint;
    v_of_attempts bigint[] := '{}';
    v_host_id integer;
    v_host_ids integer[] := '{}';
    v_sealed bytea[] := '{}';
    v_key_ids text[] := '{}';
    v_user_indexes bytea[] := '{}';
    v_pages jsonb := coalesce(nullif(current_setting('o365.connected', true), '')::jsonb, '{}');
    v_passed text;
    v_connects boolean;
BEGIN
    SELECT k.key, p.value INTO STRICT v_index_key, v_public_url
      FROM o365_internal.index_key AS k JOIN o365_internal.setting AS p ON p.name = 'public_url';
    -- As judge_attempt: what it would call open, and what needs nothing but to be stored.
    FOR v_row IN
        SELECT u.n::integer AS n, a.attempt_id, a.app_user, a.ticket_hash
          FROM unnest(new.slug, new.state_hash, new.cookie_hash) WITH ORDINALITY AS u (slug, state_hash, cookie_hash, n)
          -- By LIMIT, or a planner that believes the table to be empty would read all of it.
         CROSS JOIN LATERAL (
            SELECT i.attempt_id, i.app_user, i.ticket_hash
              FROM o365_internal.connect_attempt AS i JOIN o365_internal.connector AS c
                  ON c.connector_id = i.connector_id
             WHERE i.state_hash = u.state_hash AND i.outcome IS NULL AND i.expires_at > clock_timestamp()
               AND i.cookie_hash = u.cookie_hash AND i.renews IS NULL
               AND c.slug = u.slug AND c.removed_at IS NULL AND NOT c.confirm
             LIMIT 1 FOR UPDATE OF i FOR KEY SHARE OF c) AS a
    LOOP
        v_host := lower(new.webhook_host[v_row.n] COLLATE "C");
        v_dialect := o365_internal.webhook_dialect(v_host, new.webhook_port[v_row.n]::integer);
        v_webhook_index := o365_internal.blind_index('webhook', new.webhook_url[v_row.n], v_index_key);
        -- A second one of the same state, webhook, user or ticket has to find what the first has stored.
        IF v_dialect IS NOT NULL AND v_row.attempt_id <> ALL (v_attempts) AND v_webhook_index <> ALL (v_turns)
           AND (v_row.app_user <> ALL (v_users)) IS NOT FALSE
           AND (v_row.ticket_hash <> ALL (v_tickets)) IS NOT FALSE THEN
            v_locked := v_locked || v_row.n;
            v_attempts := v_attempts || v_row.attempt_id;
            v_users := v_users || v_row.app_user;
            v_turns := v_turns || v_webhook_index;
            IF v_row.ticket_hash IS NOT NULL THEN
                v_tickets := v_tickets || v_row.ticket_hash;
            END IF;
            v_hosts[v_row.n] := v_host;
            v_dialects[v_row.n] := v_dialect;
            v_webhook_indexes[v_row.n] := v_webhook_index;
            v_app_type := o365_internal.label(new.app_type[v_row.n]);
            v_app_types[v_row.n] := v_app_type;
            v_kinds[v_row.n] := lower(v_app_type COLLATE "C");
            v_group_names[v_row.n] := o365_internal.label(new.group_name[v_row.n]);
        END IF;
    END LOOP;
    IF v_tickets <> '{}' THEN
        PERFORM FROM o365_internal.ticket AS t WHERE t.ticket_hash = ANY (v_tickets) ORDER BY t.ticket_hash FOR UPDATE;
    END IF;
    IF v_locked <> '{}' THEN
        -- As wait_for_webhook.
        INSERT INTO o365_internal.turn_of_webhook (webhook_index) SELECT u.w FROM unnest(v_turns) AS u (w) ORDER BY u.w;
        DELETE FROM o365_internal.turn_of_webhook AS t WHERE t.webhook_index = ANY (v_turns);
        -- What may renew or replace another connection, or has a ticket that was used, goes alone.
        FOR v_row IN
            SELECT u.n, a.attempt_id, a.public_id, a.return_url, c.clean_page
              FROM unnest(v_locked, v_attempts) AS u (n, attempt_id)
              JOIN o365_internal.connect_attempt AS a ON a.attempt_id = u.attempt_id
              JOIN o365_internal.connector AS c ON c.connector_id = a.connector_id
              LEFT JOIN o365_internal.ticket AS t ON t.ticket_hash = a.ticket_hash
             WHERE t.used_at IS NULL
               AND (SELECT s.subscription_id FROM o365_internal.subscription AS s
                     WHERE s.connector_id = a.connector_id AND s.app_user = a.app_user
                       AND s.webhook_index = v_webhook_indexes[u.n] AND s.status <> 'removed') IS NULL
               AND o365_internal.same_place(a.connector_id, a.app_user, v_kinds[u.n], v_group_names[u.n]) IS NULL
        LOOP
            v_id := nextval('o365_internal.subscription_subscription_id_seq');
            IF v_host_id IS NULL OR v_hosts[v_row.n] <> v_host THEN
                v_host := v_hosts[v_row.n];
                v_host_id := o365_internal.host_of(v_host);
            END IF;
            v_pair := o365_internal.seal_webhook(v_id, new.webhook_url[v_row.n], new.user_object_id[v_row.n],
                                                 new.sealing_key[v_row.n]);
            v_numbers := v_numbers || v_row.n;
            v_ids := v_ids || v_id;
            v_of_attempts := v_of_attempts || v_row.attempt_id;
            v_host_ids := v_host_ids || v_host_id;
            v_sealed := v_sealed || v_pair.sealed;
            v_key_ids := v_key_ids || v_pair.key_id;
            v_user_indexes := v_user_indexes
                || o365_internal.blind_index('user_object_id', new.user_object_id[v_row.n], v_index_key);
            IF v_row.clean_page = '302' THEN
                v_pages := v_pages || jsonb_build_object(new.request_id[v_row.n], jsonb_build_object(
                    'found', true, 'outcome', 'connected', 'location', coalesce(v_row.return_url,
                        v_public_url || '/connect/' || new.slug[v_row.n] || '/done/' || v_row.public_id)));
            END IF;
        END LOOP;
    END IF;
    IF v_ids <> '{}' THEN
        INSERT INTO o365_internal.subscription (subscription_id, connector_id, app_user, app_state, app_type,
                app_type_normalised, group_name, dialect, webhook_host, sealed, key_id, key_pinned, webhook_index,
                user_index, status, label, extra, schedule)
            SELECT u.id, a.connector_id, a.app_user, a.app_state, v_app_types[u.n], v_kinds[u.n], v_group_names[u.n],
                   v_dialects[u.n], v_hosts[u.n], u.sealed, u.key_id, new.sealing_key[u.n] IS NOT NULL,
                   v_webhook_indexes[u.n], u.user_index, 'active', t.label, t.extra, coalesce(a.schedule, c.schedule)
              FROM unnest(v_ids, v_of_attempts, v_numbers, v_sealed, v_key_ids, v_user_indexes)
                   AS u (id, attempt_id, n, sealed, key_id, user_index)
              JOIN o365_internal.connect_attempt AS a ON a.attempt_id = u.attempt_id
              JOIN o365_internal.connector AS c ON c.connector_id = a.connector_id
              LEFT JOIN o365_internal.ticket AS t ON t.ticket_hash = a.ticket_hash;
        -- As make_lane.
        INSERT INTO o365_internal.lane (subscription_id, connector_id, host_id, run, quota_webhook)
            SELECT s.subscription_id, s.connector_id, u.host_id,
                   CASE WHEN s.schedule <> 'immediate' THEN '{}'::bigint[] END,
                   CASE WHEN (SELECT o.subscription_id FROM o365_internal.subscription AS o
                               WHERE o.webhook_index = s.webhook_index AND o.subscription_id <> s.subscription_id
                               LIMIT 1) IS NOT NULL
                             OR (SELECT g.webhook_index FROM o365_internal.quota_group AS g
                                  WHERE g.webhook_index = s.webhook_index LIMIT 1) IS NOT NULL THEN 0 END
              FROM unnest(v_ids, v_host_ids) AS u (id, host_id)
              JOIN o365_internal.subscription AS s ON s.subscription_id = u.id;
        -- As note_event.
        WITH noted AS (
            INSERT INTO o365_internal.event (kind, actor, connector_id, subscription_id)
                SELECT 'connected', 'user', s.connector_id, s.subscription_id
                  FROM unnest(v_ids) AS u (id) JOIN o365_internal.subscription AS s ON s.subscription_id = u.id
            RETURNING event_id, at, connector_id)
        INSERT INTO o365_internal.untaken_event (event_id, at, connector_id)
            SELECT n.event_id, n.at, n.connector_id FROM noted AS n;
        IF v_tickets <> '{}' THEN
            UPDATE o365_internal.ticket AS t SET used_at = now(), attempt_id = a.attempt_id
              FROM unnest(v_of_attempts) AS u (attempt_id)
              JOIN o365_internal.connect_attempt AS a ON a.attempt_id = u.attempt_id
             WHERE t.ticket_hash = a.ticket_hash;
        END IF;
        -- As end_attempt.
        UPDATE o365_internal.connect_attempt AS a
           SET consumed_at = now(), outcome = 'connected', request_id = new.request_id[u.n], subscription_id = u.id
          FROM unnest(v_ids, v_of_attempts, v_numbers) AS u (id, attempt_id, n)
         WHERE a.attempt_id = u.attempt_id;
        v_passed := set_config('o365.connected', v_pages::text, true);
    END IF;
    FOR i IN 1 .. cardinality(new.request_id) LOOP
        IF i <> ALL (v_numbers) THEN
            v_connects := o365_internal.store_callback(new.slug[i], new.request_id[i], new.state_hash[i],
                new.cookie_hash[i], new.webhook_host[i], new.webhook_port[i], new.webhook_url[i],
                new.user_object_id[i], new.app_type[i], new.group_name[i], new.fresh_cookie_hash[i],
                new.cookie_hashes[i], new.sealing_key[i]);
        END IF;
    END LOOP;
    RETURN NULL;    -- as receive_callback
END $$;
COMMENT ON FUNCTION o365_internal.receive_callbacks() IS
    'Trigger of o365_programs.callbacks. Callbacks that bring a new connection by a state of ours and '
    'ask nobody are stored together; all others one by one, by store_callback, after them in the same transaction. The '
    'outcomes are read with o365_programs.responder_callback_outcomes.';
