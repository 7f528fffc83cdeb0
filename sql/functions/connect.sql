-- Connecting: tickets, attempts, and what a callback does.

CREATE OR REPLACE FUNCTION o365.begin_connect(connector text, app_user text, return_url text DEFAULT NULL, app_state jsonb DEFAULT NULL,
    renew bigint DEFAULT NULL) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_connector o365_internal.connector := o365_internal.connector_to_use(connector);
    v_public_url text := o365_internal.text_setting('public_url');
    v_ticket text;
    v_hash bytea;
BEGIN
    IF v_connector.removed_at IS NOT NULL THEN
        RAISE EXCEPTION 'connector % was removed', quote_literal(v_connector.slug)
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'An operator registers it again: select o365.register_connector(...).';
    END IF;
    IF app_user IS NULL OR app_user !~ '[^[:space:]\u0080-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]' COLLATE "C" OR length(app_user) > 200 THEN
        RAISE EXCEPTION 'app_user is empty or longer than 200 characters'
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Pass your own name or id of the signed-in user.';
    END IF;
    IF return_url IS NOT NULL AND NOT o365_internal.is_https_url(return_url) AND NOT o365_internal.is_loopback_url(return_url) THEN
        RAISE EXCEPTION 'return_url is no https URL'
            USING ERRCODE = 'invalid_parameter_value', HINT = 'It is where the user goes after connecting; leave it out to use our page.';
    END IF;
    IF octet_length(app_state::text) > 1024 THEN
        RAISE EXCEPTION 'app_state has % bytes', octet_length(app_state::text)
            USING ERRCODE = 'invalid_parameter_value', HINT = 'It may have 1,024: keep the rest in a table of yours and pass its key.';
    END IF;
    IF renew IS NOT NULL AND NOT EXISTS (SELECT FROM o365_internal.subscription AS s
                                          WHERE s.subscription_id = renew AND s.connector_id = v_connector.connector_id
                                            AND s.app_user = begin_connect.app_user AND s.status <> 'removed') THEN
        RAISE EXCEPTION 'user % has no subscription % of connector %', quote_literal(app_user), renew, quote_literal(v_connector.slug)
            USING ERRCODE = 'undefined_object', HINT = format('select * from o365.connections(%L) lists them; leave renew out to connect a new place.', app_user);
    END IF;
    IF v_public_url = '' THEN
        RAISE EXCEPTION 'the setting public_url is empty'
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'An operator sets it: select o365.set(''public_url'', ''https://...'')';
    END IF;
    v_ticket := o365_internal.random_token();
    v_hash := sha256(convert_to(v_ticket, 'UTF8'));
    INSERT INTO o365_internal.ticket (ticket_hash, connector_id, app_user, app_state, return_url, renews, expires_at)
        VALUES (v_hash, v_connector.connector_id, begin_connect.app_user, begin_connect.app_state, begin_connect.return_url, renew,
            now() + interval '1 hour');
    RETURN v_public_url || '/connect/' || v_connector.slug || '/?ticket=' || v_ticket;
END $$;
COMMENT ON FUNCTION o365.begin_connect(text, text, text, jsonb, bigint) IS
    'Returns the link that lets a signed-in user of the application connect: redirect the browser to it. It serves one connection and one hour; '
    'treat it like a password. return_url: where the user goes afterwards; app_state: at most 1 KB, given back by o365.connections. renew: a '
    'subscription of that user that gets the new webhook and keeps its number, settings and queue, whatever its status but removed. Errors: '
    'insufficient_privilege, invalid_parameter_value, undefined_object (renew), object_not_in_prerequisite_state (public_url is not set).';

CREATE OR REPLACE FUNCTION o365.connections(app_user text)
RETURNS TABLE (subscription_id bigint, connector text, app_type text, group_name text, dialect text, status text, connected_at timestamptz, app_state jsonb)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT s.subscription_id, c.slug, s.app_type_normalised, s.group_name, s.dialect, s.status, s.connected_at, s.app_state
      FROM o365_internal.subscription AS s JOIN o365_internal.connector AS c ON c.connector_id = s.connector_id
     WHERE s.app_user = $1 AND s.status <> 'removed' AND o365_internal.may_use(s.connector_id)
     ORDER BY s.subscription_id;
END $$;
COMMENT ON FUNCTION o365.connections(text) IS
    'What a user of the application has connected, over the connectors the session may use; no row when nothing. subscription_id is what '
    'o365.send takes. status pending: the user has not confirmed it yet, cards wait.';

CREATE OR REPLACE FUNCTION o365_internal.label(value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_label text := btrim(regexp_replace(regexp_replace(value, '[\u0009-\u000d\u0085\u2028\u2029]+', ' ', 'g'), '[\u0001-\u001f\u007f-\u009f]', U&'\FFFD', 'g'));
BEGIN
    -- Blanks, and characters that take no room or are drawn as one.
    RETURN CASE WHEN v_label ~ ('[^[:space:]\u00a0\u00ad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u202a-\u202f\u205f-\u206f'
                                '\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]' COLLATE "C") THEN v_label END;
END $$;
COMMENT ON FUNCTION o365_internal.label(text) IS
    'A name that came from outside, as it is stored and shown: line ends and tabs are blanks, other control characters U+FFFD, so that no terminal '
    'obeys them. Null when nothing of it is visible. Directions of writing stay: pages isolate them.';

CREATE OR REPLACE FUNCTION o365_internal.outcome_now(a o365_internal.connect_attempt) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT CASE
        WHEN (a).attempt_id IS NULL THEN NULL
        WHEN (a).outcome IS NULL THEN CASE WHEN (a).expires_at <= clock_timestamp() THEN 'abandoned' ELSE 'open' END
        WHEN (a).outcome <> 'pending' THEN (a).outcome
        ELSE (SELECT CASE WHEN o365_internal.may_confirm(s) THEN 'pending'
                          WHEN s.status IN ('pending', 'removed') THEN 'unconfirmed' ELSE 'connected' END
                FROM o365_internal.subscription AS s WHERE s.subscription_id = (a).subscription_id) END);
END $$;
COMMENT ON FUNCTION o365_internal.outcome_now(o365_internal.connect_attempt) IS
    'How an attempt stands: its outcome, or open, abandoned and unconfirmed as time has made them before a sweep '
    'writes that down. Null for no row.';

CREATE OR REPLACE FUNCTION o365_internal.judge_attempt(
    slug text, request_id text, state_hash bytea, cookie_hash bytea, fresh_cookie_hash bytea, webhook_index bytea, failure text,
    OUT verdict text, OUT attempt_id bigint, OUT stateless boolean, OUT connector_id integer, OUT confirm boolean, OUT ticket_hash bytea,
    OUT app_user text, OUT app_state jsonb, OUT renews bigint)
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_require_state boolean;
    v_cookie_hash bytea;
    v_expires_at timestamptz;
    v_outcome text;
    v_subscription_id bigint;
    v_stored_index bytea;
BEGIN
    -- One statement for what every good callback needs: statements are what a callback costs.
    SELECT a.attempt_id, false, a.connector_id, c.confirm, a.ticket_hash, a.app_user, a.app_state, a.renews, a.cookie_hash, a.expires_at,
           a.outcome, a.subscription_id
      INTO attempt_id, stateless, connector_id, confirm, ticket_hash, app_user, app_state, renews, v_cookie_hash, v_expires_at, v_outcome,
           v_subscription_id
      FROM o365_internal.connect_attempt AS a JOIN o365_internal.connector AS c ON c.connector_id = a.connector_id
     WHERE a.state_hash = judge_attempt.state_hash AND c.slug = judge_attempt.slug AND c.removed_at IS NULL
       -- What its foreign keys lock later anyway: a connector that is being removed gets no new subscription.
       FOR UPDATE OF a FOR KEY SHARE OF c;
    -- Hashes of random values are compared, so the time a comparison takes says nothing about the values.
    IF attempt_id IS NULL THEN
        SELECT c.connector_id, c.confirm, c.require_state INTO connector_id, confirm, v_require_state FROM o365_internal.connector AS c
         WHERE c.slug = judge_attempt.slug AND c.removed_at IS NULL FOR KEY SHARE;
        verdict := CASE WHEN connector_id IS NULL THEN 'unknown_connector' WHEN v_require_state THEN 'no_state' ELSE 'open' END;
    ELSIF v_outcome IS NOT NULL THEN
        SELECT o365_internal.outcome_now(a), s.webhook_index INTO v_outcome, v_stored_index
          FROM o365_internal.connect_attempt AS a LEFT JOIN o365_internal.subscription AS s ON s.subscription_id = a.subscription_id
         WHERE a.attempt_id = judge_attempt.attempt_id;
        verdict := CASE
            WHEN v_cookie_hash = cookie_hash AND v_outcome IN ('connected', 'pending') AND v_stored_index = webhook_index THEN 'repeated'
            WHEN v_cookie_hash = cookie_hash AND v_outcome IN ('connected', 'pending') AND v_stored_index IS NOT NULL THEN 'already_connected'
            WHEN v_cookie_hash = cookie_hash AND v_outcome = failure THEN failure
            WHEN v_outcome <> 'abandoned' THEN 'used'
            ELSE 'expired' END;
    ELSE
        verdict := CASE
            WHEN v_expires_at <= clock_timestamp() THEN 'expired'
            WHEN cookie_hash IS NULL THEN 'no_cookie'
            WHEN v_cookie_hash <> cookie_hash THEN 'other_browser'
            ELSE 'open' END;
    END IF;
    IF verdict <> 'open' THEN
        INSERT INTO o365_internal.connect_attempt (connector_id, expires_at, consumed_at, outcome, detail, request_id, of_attempt,
                subscription_id, app_user)
            VALUES (judge_attempt.connector_id, now(), now(), verdict,
                    CASE WHEN verdict = 'no_state' THEN CASE WHEN judge_attempt.state_hash IS NULL THEN 'it carried none'
                                                             ELSE 'it carried one that was never handed out for this connector' END
                         WHEN verdict = 'used' THEN 'the attempt had ended as ' || v_outcome
                         WHEN verdict = 'already_connected' THEN CASE WHEN webhook_index IS NULL THEN 'it brought an error'
                                                                      ELSE 'it brought another webhook' END
                         WHEN verdict = failure THEN 'the same once more' END,
                    judge_attempt.request_id, judge_attempt.attempt_id,
                    CASE WHEN verdict IN ('repeated', 'already_connected') THEN v_subscription_id END, judge_attempt.app_user);
    ELSIF attempt_id IS NULL THEN
        INSERT INTO o365_internal.connect_attempt AS a (connector_id, cookie_hash, expires_at)
            VALUES (judge_attempt.connector_id, fresh_cookie_hash, now()) RETURNING a.attempt_id INTO attempt_id;
        stateless := true;
    END IF;
END $$;
COMMENT ON FUNCTION o365_internal.judge_attempt(text, text, bytea, bytea, bytea, bytea, text) IS
    'Judges the state and the cookie of a callback and locks the attempt. webhook_index: blind index of the webhook that it brings, null for none. '
    'failure: the outcome that the callback would give an open attempt, null when it would connect. verdict open: go on with what is returned of '
    'the attempt and its connector. Any other verdict is inserted as a row of its own and leaves the attempt as it was: a hit of another browser '
    'must not consume it. An attempt that has ended gives its own browser repeated for the webhook that is stored, already_connected for anything '
    'else after a connection, and the same failure again. Where the connector requires no state, a callback without one of ours gets an attempt of '
    'its own (stateless), bound to the fresh cookie.';

CREATE OR REPLACE FUNCTION o365_internal.end_attempt(attempt_id bigint, request_id text, outcome text, detail text, subscription_id bigint)
RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE o365_internal.connect_attempt AS a SET consumed_at = now(), outcome = $3, request_id = $2, detail = $4, subscription_id = $5
     WHERE a.attempt_id = $1;
END $$;
COMMENT ON FUNCTION o365_internal.end_attempt(bigint, text, text, text, bigint) IS 'Consumes an attempt.';

-- The trigger of o365_programs.callback (views/callback.sql). Every value of the row that is secret moves by assignment only, see crypto.sql.
CREATE OR REPLACE FUNCTION o365_internal.receive_callback() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_attempt record;
    v_ticket_used boolean;
    v_dialect text;
    v_id bigint;
    v_existing bigint;
    v_replaces bigint;
    v_replacement bytea;
    v_detail text;
    v_locked o365_internal.subscription;
    v_before bigint;
    v_pending boolean;
    v_plain text;
    v_sealed bytea;
    v_key_id text;
    v_pair record;
    v_app_type text := o365_internal.label(new.app_type);
    v_group_name text := o365_internal.label(new.group_name);
    -- A collation that an expression names goes on into what it is compared with, and no index has that one: it ends at a variable.
    v_kind text := lower(v_app_type COLLATE "C");
    v_host text := lower(new.webhook_host COLLATE "C");
    v_webhook_index bytea;
    v_user_index bytea;
BEGIN
    v_dialect := o365_internal.webhook_dialect(v_host, new.webhook_port::integer);
    v_webhook_index := o365_internal.blind_index('webhook', new.webhook_url);
    v_attempt := o365_internal.judge_attempt(new.slug, new.request_id, new.state_hash, new.cookie_hash, new.fresh_cookie_hash, v_webhook_index,
                                             CASE WHEN v_dialect IS NULL THEN 'refused_host' END);
    IF v_attempt.verdict <> 'open' THEN
        RETURN NULL;
    END IF;
    IF v_dialect IS NULL THEN
        PERFORM o365_internal.end_attempt(v_attempt.attempt_id, new.request_id, 'refused_host', left(new.webhook_host, 253), NULL);
        RETURN NULL;
    END IF;
    IF v_attempt.ticket_hash IS NOT NULL THEN
        -- Locked: two attempts of one ticket may come back at the same moment, and the second reads what the first wrote.
        SELECT t.used_at IS NOT NULL INTO v_ticket_used FROM o365_internal.ticket AS t WHERE t.ticket_hash = v_attempt.ticket_hash FOR UPDATE;
        IF v_ticket_used THEN
            PERFORM o365_internal.end_attempt(v_attempt.attempt_id, new.request_id, 'used', 'the ticket had made a connection already', NULL);
            RETURN NULL;
        END IF;
    END IF;
    v_user_index := o365_internal.blind_index('user_object_id', new.user_object_id);
    -- One at a time for one webhook: the second of two callbacks that bring it renews what the first has stored.
    PERFORM pg_advisory_xact_lock(hashtextextended(encode(v_webhook_index, 'hex'), 365));
    IF v_attempt.stateless THEN
        v_before := o365_internal.stateless_before(v_attempt.connector_id, v_webhook_index, new.cookie_hashes::bytea[]);
        IF v_before IS NOT NULL THEN
            UPDATE o365_internal.connect_attempt AS a
               SET outcome = 'repeated', consumed_at = now(), request_id = new.request_id, of_attempt = v_before, cookie_hash = NULL,
                   subscription_id = (SELECT b.subscription_id FROM o365_internal.connect_attempt AS b WHERE b.attempt_id = v_before)
             WHERE a.attempt_id = v_attempt.attempt_id;
            RETURN NULL;
        END IF;
    END IF;
    SELECT s.subscription_id INTO v_existing FROM o365_internal.subscription AS s
     WHERE s.connector_id = v_attempt.connector_id AND s.app_user = v_attempt.app_user
       AND s.webhook_index = v_webhook_index AND s.status <> 'removed';
    -- Another webhook for a place that is connected. One that some subscription of the user has already renews that one.
    IF v_existing IS NULL THEN
        v_replaces := coalesce(
            (SELECT s.subscription_id FROM o365_internal.subscription AS s WHERE s.subscription_id = v_attempt.renews AND s.status <> 'removed'),
            o365_internal.same_place(v_attempt.connector_id, v_attempt.app_user, v_kind, v_group_name));
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
    -- What is renewed posts there already: only what nobody has confirmed yet has to be. What would take another's place is asked about.
    v_pending := CASE WHEN v_existing IS NOT NULL THEN (v_attempt.stateless OR v_attempt.confirm) AND v_locked.status = 'pending'
                      ELSE v_attempt.stateless OR v_attempt.confirm OR v_replaces IS NOT NULL END;
    v_id := coalesce(v_existing, nextval('o365_internal.subscription_subscription_id_seq'));
    v_plain := json_build_object('purpose', 'webhook', 'id', v_id::text, 'webhook', new.webhook_url, 'user_object_id', new.user_object_id)::text;
    v_pair := o365_internal.seal(v_plain, new.sealing_key);
    v_sealed := v_pair.sealed;
    v_key_id := v_pair.key_id;
    IF v_existing IS NOT NULL THEN
        v_detail := CASE WHEN v_locked.webhook_index = v_webhook_index THEN 'unchanged' ELSE 'replaced' END;
        UPDATE o365_internal.subscription AS s
           SET sealed = v_sealed, key_id = v_key_id, key_pinned = new.sealing_key IS NOT NULL, secret_version = s.secret_version + 1, renewed_at = now(), user_index = v_user_index,
               webhook_index = v_webhook_index, dialect = v_dialect, webhook_host = v_host,
               app_type = v_app_type, app_type_normalised = v_kind, group_name = v_group_name,
               app_state = coalesce(v_attempt.app_state, s.app_state)
         WHERE s.subscription_id = v_id;
        IF v_pending THEN
            UPDATE o365_internal.subscription AS s SET status_at = now() WHERE s.subscription_id = v_id;
        ELSE
            PERFORM o365_internal.revive(v_id);
            IF v_locked.status = 'active' AND v_detail = 'replaced' THEN
                PERFORM o365_internal.wake(v_id);
            END IF;
        END IF;
    ELSE
        IF v_replaces IS NOT NULL THEN
            v_plain := json_build_object('purpose', 'webhook', 'id', v_replaces::text, 'webhook', new.webhook_url, 'user_object_id', new.user_object_id)::text;
            v_pair := o365_internal.seal(v_plain, new.sealing_key);
            v_replacement := v_pair.sealed;
        END IF;
        INSERT INTO o365_internal.subscription (subscription_id, connector_id, app_user, app_state, app_type, app_type_normalised, group_name,
                dialect, webhook_host, sealed, key_id, key_pinned, webhook_index, user_index, status, status_reason, replaces, replacement,
                replacement_key_id)
            VALUES (v_id, v_attempt.connector_id, v_attempt.app_user, v_attempt.app_state, v_app_type, v_kind, v_group_name,
                v_dialect, v_host, v_sealed, v_key_id, new.sealing_key IS NOT NULL, v_webhook_index, v_user_index,
                CASE WHEN v_pending THEN 'pending' ELSE 'active' END, CASE WHEN v_pending THEN 'its user has not confirmed it yet' END,
                v_replaces, v_replacement, CASE WHEN v_replaces IS NOT NULL THEN v_key_id END);
        INSERT INTO o365_internal.lane (subscription_id, hold) VALUES (v_id, CASE WHEN v_pending THEN 'pending' END);
    END IF;
    IF v_attempt.ticket_hash IS NOT NULL THEN
        UPDATE o365_internal.ticket AS t SET used_at = now(), attempt_id = v_attempt.attempt_id
         WHERE t.ticket_hash = v_attempt.ticket_hash;
    END IF;
    PERFORM o365_internal.end_attempt(v_attempt.attempt_id, new.request_id, CASE WHEN v_pending THEN 'pending' ELSE 'connected' END,
                                      v_detail, v_id);
    -- NULL would say that nothing was inserted; the row itself would be handed on with its secrets, but a view has nowhere to put it.
    RETURN NULL;
END $$;
COMMENT ON FUNCTION o365_internal.receive_callback() IS
    'Trigger of o365_programs.callback: judges the attempt, seals webhook and user object id, makes or renews the subscription and consumes the state, all '
    'in the COPY''s transaction. The outcome is read with o365_programs.responder_callback_outcome.';

CREATE OR REPLACE FUNCTION o365_internal.same_place(connector_id integer, app_user text, app_type text, group_name text) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- Of a place without a name only an inbox is known to be the only one.
    IF app_type IS NULL OR group_name IS NULL AND app_type <> 'mail' THEN
        RETURN NULL;
    END IF;
    -- By the hash alone: the other conditions are written so that no index but subscription_place fits, whatever the planner believes.
    RETURN (SELECT s.subscription_id FROM o365_internal.subscription AS s
             WHERE hashtextextended(s.app_user || '/' || s.app_type_normalised || '/' || coalesce(s.group_name, ''), s.connector_id)
                       = hashtextextended($2 || '/' || $3 || '/' || coalesce($4, ''), $1)
               AND s.status NOT IN ('pending', 'removed') AND s.app_user IS NOT NULL AND s.app_type_normalised IS NOT NULL
               AND s.connector_id + 0 = $1 AND s.app_user || '' = $2 AND s.app_type_normalised = $3 AND s.group_name IS NOT DISTINCT FROM $4
             ORDER BY s.status = 'active' DESC, s.subscription_id + 0 DESC LIMIT 1);
END $$;
COMMENT ON FUNCTION o365_internal.same_place(integer, text, text, text) IS
    'The subscription of a user that looks like the same place: the same connector, kind (lower case) and name; an active one first. Null when '
    'there is none, or nothing is known about the place.';

CREATE OR REPLACE FUNCTION o365_internal.stateless_before(connector_id integer, webhook_index bytea, cookie_hashes bytea[])
RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN (SELECT a.attempt_id FROM o365_internal.subscription AS s
      JOIN o365_internal.connect_attempt AS a ON a.subscription_id = s.subscription_id AND a.state_hash IS NULL AND a.of_attempt IS NULL
     WHERE s.connector_id = $1 AND s.app_user IS NULL AND s.webhook_index = $2 AND s.status <> 'removed'
       AND a.cookie_hash = ANY ($3) AND o365_internal.outcome_now(a) IN ('connected', 'pending')
     ORDER BY a.attempt_id DESC LIMIT 1);
END $$;
COMMENT ON FUNCTION o365_internal.stateless_before(integer, bytea, bytea[]) IS
    'The attempt without a state of ours by which this browser has connected this webhook already; null when there is '
    'none.';

CREATE OR REPLACE FUNCTION o365.attempt(id text)
RETURNS TABLE (attempt_id bigint, connector text, app_user text, started_at timestamptz, ended_at timestamptz, outcome text, meaning text,
    next_step text, detail text, of_attempt bigint, subscription_id bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT a.attempt_id, c.slug, a.app_user, a.started_at, a.consumed_at,
           o.outcome, m.meaning, m.next_step, a.detail, a.of_attempt, a.subscription_id
      FROM o365_internal.connect_attempt AS a
      CROSS JOIN LATERAL (SELECT o365_internal.outcome_now(a)) AS o (outcome)
      LEFT JOIN o365_internal.connector AS c ON c.connector_id = a.connector_id
      LEFT JOIN (VALUES
        ('connected', 'The connection was stored.', 'Nothing.'),
        ('repeated', 'The same browser came again after it had connected, and saw success.', 'Nothing.'),
        ('already_connected', 'The same browser came again after it had connected, with another webhook or an error; detail says which. Its connection '
            'stands as it was, and its page says so.', 'To connect a second place, start again from the application.'),
        ('pending', 'The webhook is stored and nothing is posted yet: the browser that connected has a page that asks to confirm.',
            'Wait for the user; after confirm_minutes it is removed.'),
        ('unconfirmed', 'Nobody confirmed the connection within confirm_minutes, or it was removed before; its webhook is wiped.',
            'Start again from the application.'),
        ('discarded', 'The user was asked to confirm and said no; the webhook is wiped, the ticket serves again.',
            'Nothing, unless by mistake: start again.'),
        ('open', 'The user is at Microsoft''s page, or left it.', 'Wait; it expires by itself.'),
        ('abandoned', 'The user did not come back within the hour.', 'Start again from the application.'),
        ('denied', 'The user pressed Deny.', 'Nothing, unless by mistake: start again.'),
        ('invalid_request', 'Microsoft''s page found app_id or callback_url altered.', 'Compare the registration there with o365.connectors.'),
        ('unknown_error', 'Microsoft''s page reported an error that is not documented; detail has it.', 'Start again; if it stays, ask Microsoft.'),
        ('no_state', 'The state was not one of ours: a bookmark, a forged link, or a button with a fixed state; '
            'detail says whether there was one.',
            'Start from o365.connect_button. For buttons with a fixed state: register the connector with '
            'require_state => false.'),
        ('used', 'The state or its ticket had been used before; detail says how that ended.', 'Start again from the application.'),
        ('ticket', 'The start was refused for want of a good ticket; detail says why.',
            'Go back to the application for a new link (o365.begin_connect).'),
        ('expired', 'The user took longer than the setting state_minutes.', 'Start again.'),
        ('other_browser', 'The callback came from another browser than the start: by mistake, or an attack.', 'Finish in the browser you started in.'),
        ('no_cookie', 'The browser sent no cookie of this attempt: it blocks them, began more than 20 attempts at once, or the callback was opened in '
            'another browser than the one in which the attempt began (apps such as Outlook and Teams have one of their own).',
            'Allow cookies for this site, and start and finish in the same browser.'),
        ('strict_cookie', 'The browser kept our cookie back when it came from Microsoft''s page and sent it a moment later: a web server or proxy '
            'between it and the responder writes SameSite=Strict into our cookies. Nobody can connect.',
            'Leave cookies named __Host-o365-* as they are: look for proxy_cookie_flags or proxy_cookie_path (nginx), Header edit Set-Cookie (Apache), or '
            'a cookie policy of the load balancer.'),
        ('framed', 'The callback was loaded inside a frame, where browsers send no cookie. Nothing was decided; the page '
            'offers to go on in a tab.',
            'Let the application open the Connect button in the window itself, not in a frame.'),
        ('refused_host', 'The webhook lies on a host that is not allowed; detail names it.', 'If it is Microsoft''s: select o365.allow_webhook_host(...).'),
        ('bad_webhook', 'webhook_url can never work; detail says why.', 'Start again from the application.'),
        ('no_parameters', 'The callback was opened without any parameter.', 'Start from o365.connect_button.'),
        ('malformed', 'A parameter of the callback could not be read; detail says which and why.', 'Start again from the application.'),
        ('unknown_connector', 'The URL names no connector.', 'Compare the callback URL registered at Microsoft with callback_url in o365.connectors, host '
            'and path: each installation has its own.')
      ) AS m (outcome, meaning, next_step)
        ON m.outcome = o.outcome
     WHERE a.attempt_id = ANY (ARRAY(SELECT b.attempt_id FROM o365_internal.connect_attempt AS b WHERE b.request_id = $1))
        OR a.attempt_id = CASE WHEN $1 ~ '^[0-9]{1,18}$' THEN $1::bigint END
     ORDER BY a.attempt_id $$;
COMMENT ON FUNCTION o365.attempt(text) IS
    'What became of an attempt to connect, by the request id that a page shows (r-...) or by attempt_id: outcome, its meaning and the next step. '
    'No row when there is none, or it is older than history_days.';
