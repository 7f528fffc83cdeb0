-- What the responder calls: one statement a request, an answer in one jsonb.

CREATE OR REPLACE FUNCTION o365_internal.connector_page(public_url text, slug text, name text, short_description text, website text)
RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN jsonb_build_object('found', true, 'public_url', public_url, 'slug', slug, 'name', name, 'short_description', short_description,
        'website', website);
END $$;
COMMENT ON FUNCTION o365_internal.connector_page(text, text, text, text, text) IS 'What every page of a connector shows, from its fields.';

CREATE OR REPLACE FUNCTION o365_internal.connector_page(c o365_internal.connector) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_public_url text := o365_internal.text_setting('public_url');
BEGIN
    RETURN CASE WHEN c.connector_id IS NULL THEN jsonb_build_object('found', false, 'public_url', v_public_url)
                ELSE o365_internal.connector_page(v_public_url, c.slug, c.name, c.short_description, c.website) END;
END $$;
COMMENT ON FUNCTION o365_internal.connector_page(o365_internal.connector) IS 'What every page of a connector shows; found is false for none.';

CREATE OR REPLACE FUNCTION o365_internal.connector_by_slug(slug text) RETURNS o365_internal.connector
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN (SELECT c FROM o365_internal.connector AS c WHERE c.slug = $1 AND c.removed_at IS NULL);
END $$;
COMMENT ON FUNCTION o365_internal.connector_by_slug(text) IS 'The connector; null when there is none, or it was removed.';

CREATE OR REPLACE FUNCTION o365_programs.responder_connectors() RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
BEGIN
    RETURN (SELECT jsonb_build_object('public_url', o365_internal.text_setting('public_url'), 'connectors', coalesce((
        SELECT jsonb_agg(jsonb_build_object('slug', c.slug, 'name', c.name, 'short_description', c.short_description) ORDER BY c.name)
          FROM o365_internal.connector AS c WHERE c.allow_anonymous AND c.removed_at IS NULL), '[]')));
END $$;
COMMENT ON FUNCTION o365_programs.responder_connectors() IS 'The connectors that anybody may connect.';

CREATE OR REPLACE FUNCTION o365_internal.open_ticket(connector_id integer, ticket_hash bytea) RETURNS o365_internal.ticket
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN (SELECT t FROM o365_internal.ticket AS t
     WHERE t.ticket_hash = $2 AND t.connector_id = $1 AND t.used_at IS NULL AND t.expires_at > now());
END $$;
COMMENT ON FUNCTION o365_internal.open_ticket(integer, bytea) IS 'The ticket if it can still start a connection of this connector, else null.';

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

CREATE OR REPLACE FUNCTION o365_internal.attempt_to_retry(connector_id integer, request_id text, cookie_hashes bytea[])
RETURNS o365_internal.connect_attempt
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN (SELECT a FROM o365_internal.connect_attempt AS hit
      JOIN o365_internal.connect_attempt AS a ON a.attempt_id = coalesce(hit.of_attempt, hit.attempt_id)
     WHERE hit.request_id = $2 AND a.connector_id = $1 AND a.cookie_hash = ANY ($3)
     ORDER BY hit.attempt_id DESC LIMIT 1);
END $$;
COMMENT ON FUNCTION o365_internal.attempt_to_retry(integer, text, bytea[]) IS
    'The attempt that a failure page with that request id is about, if this browser began it: one of its cookies says '
    'so. Null otherwise.';

CREATE OR REPLACE FUNCTION o365_internal.way_on(c o365_internal.connector, request_id text, cookie_hashes bytea[]) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_attempt o365_internal.connect_attempt := o365_internal.attempt_to_retry(c.connector_id, request_id, cookie_hashes);
    v_ticket o365_internal.ticket := o365_internal.open_ticket(c.connector_id, v_attempt.ticket_hash);
BEGIN
    RETURN jsonb_build_object('connect_url', o365_internal.text_setting('connect_url'), 'account', v_ticket.app_user,
        'website', coalesce(c.landing_page, c.website),
        'again', CASE WHEN v_ticket.ticket_hash IS NOT NULL THEN 'ticket'
                      WHEN c.allow_anonymous AND v_attempt.ticket_hash IS NULL THEN 'landing' ELSE 'application' END);
END $$;
COMMENT ON FUNCTION o365_internal.way_on(o365_internal.connector, text, bytea[]) IS
    'How a failure page goes on. again: ticket (this browser''s attempt had one that still serves: POST its request id to start), landing (anybody '
    'may connect), application (only it can give a new link). website: the application''s page with the Connect button, where the registration '
    'names one (landing_page), else its site.';

CREATE OR REPLACE FUNCTION o365_programs.responder_start(slug text, ticket_hash bytea, state_hash bytea, cookie_hash bytea, request_id text,
    again text DEFAULT NULL, cookie_hashes bytea[] DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_connector o365_internal.connector := o365_internal.connector_by_slug(slug);
    v_ticket_hash bytea := ticket_hash;
    v_ticket o365_internal.ticket;
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
    IF v_ticket.ticket_hash IS NULL AND (v_ticket_hash IS NOT NULL OR again IS NOT NULL OR NOT v_connector.allow_anonymous) THEN
        INSERT INTO o365_internal.connect_attempt (connector_id, ticket_hash, expires_at, consumed_at, outcome, detail, request_id)
            VALUES (v_connector.connector_id, v_ticket_hash, now(), now(), 'ticket', CASE
                WHEN v_ticket_hash IS NULL THEN 'there was none'
                ELSE coalesce((SELECT CASE WHEN t.used_at IS NULL THEN 'it was older than an hour' ELSE 'it had made a connection already' END
                                 FROM o365_internal.ticket AS t
                                WHERE t.ticket_hash = v_ticket_hash AND t.connector_id = v_connector.connector_id),
                              'it was never handed out for this connector, or more than a day ago') END, responder_start.request_id);
        RETURN v_page || jsonb_build_object('started', false, 'reason', 'ticket');
    END IF;
    INSERT INTO o365_internal.connect_attempt (connector_id, ticket_hash, state_hash, cookie_hash, app_user, app_state, return_url, renews, expires_at)
        VALUES (v_connector.connector_id, v_ticket.ticket_hash, responder_start.state_hash, responder_start.cookie_hash, v_ticket.app_user,
                v_ticket.app_state, v_ticket.return_url, v_ticket.renews, now() + make_interval(mins => v_minutes));
    RETURN v_page || jsonb_build_object('started', true, 'connect_url', o365_internal.text_setting('connect_url'), 'app_id', v_connector.app_id,
        'callback_url', v_connector.callback_url,
        'max_age', greatest(v_minutes * 60, ceil(extract(epoch FROM v_ticket.expires_at - now()))::integer));
END $$;
COMMENT ON FUNCTION o365_programs.responder_start(text, bytea, bytea, bytea, text, text, bytea[]) IS
    'Begins an attempt with the hashes of a new state and cookie. max_age: seconds that the browser keeps the cookie, as long as state or ticket '
    'serve: by it the browser may try again. started is false when the connector wants a ticket '
    'and this is none, and '
    'request_id then finds why. again: instead of a ticket, the request id of a failure page; the ticket is that '
    'attempt''s, if one of cookie_hashes '
    'shows that this browser began it.';

-- VOLATILE: called by responder_callback_error it must see what that has just written.
CREATE OR REPLACE FUNCTION o365_programs.responder_callback_outcome(request_id text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_hit record;
    v_connector o365_internal.connector;
    v_page jsonb;
BEGIN
    -- All that a good callback's page needs in one statement; never the connector as a whole, for it holds a picture. "+ 0": or a
    -- planner that believes LIMIT 1 to be near would walk back through all attempts.
    SELECT h.outcome, h.connector_id, a.public_id, a.return_url, a.state_hash IS NULL AS stateless, c.slug, c.name, c.short_description,
           c.website, c.clean_page, s.status = 'pending' AS pending, s.group_name, s.app_type_normalised, s.app_user, p.value AS public_url
      INTO v_hit
      FROM o365_internal.connect_attempt AS h
      JOIN o365_internal.connector AS c ON c.connector_id = h.connector_id
      JOIN o365_internal.setting AS p ON p.name = 'public_url'
      LEFT JOIN o365_internal.connect_attempt AS a ON a.attempt_id = coalesce(h.of_attempt, h.attempt_id)
      LEFT JOIN o365_internal.subscription AS s ON s.subscription_id = a.subscription_id
     WHERE h.request_id = responder_callback_outcome.request_id
     ORDER BY h.attempt_id + 0 DESC LIMIT 1;
    IF v_hit.outcome IN ('connected', 'pending', 'repeated') THEN
        v_page := jsonb_build_object('found', true, 'outcome', v_hit.outcome,
            'location', coalesce(CASE WHEN NOT v_hit.pending THEN v_hit.return_url END,
                v_hit.public_url || '/connect/' || v_hit.slug || '/done/' || v_hit.public_id));
        -- A browser that is sent on sees none of the page.
        IF v_hit.clean_page <> '302' AND NOT v_hit.pending THEN
            v_page := v_page || o365_internal.connector_page(v_hit.public_url, v_hit.slug, v_hit.name, v_hit.short_description, v_hit.website)
                || jsonb_build_object('request_id', request_id, 'clean_page', v_hit.clean_page, 'group_name', v_hit.group_name,
                    'app_type', v_hit.app_type_normalised, 'account', v_hit.app_user);
        END IF;
        -- A repeat too: the answer that it repeats may have been lost on its way. Without a state of ours it would have been no repeat then.
        IF v_hit.outcome = 'pending' OR (v_hit.pending AND NOT v_hit.stateless) THEN
            v_page := v_page || jsonb_build_object('cookie', CASE WHEN v_hit.stateless THEN 'fresh' ELSE 'own' END,
                'max_age', 60 * o365_internal.integer_setting('confirm_minutes'));
        END IF;
        RETURN v_page;
    END IF;
    SELECT c.* INTO v_connector FROM o365_internal.connector AS c WHERE c.connector_id = v_hit.connector_id;
    RETURN o365_internal.connector_page(v_connector)
        || jsonb_build_object('request_id', request_id, 'outcome', coalesce(v_hit.outcome, 'unknown_connector'))
        || o365_internal.way_on(v_connector, NULL, NULL);
END $$;
COMMENT ON FUNCTION o365_programs.responder_callback_outcome(text) IS
    'What became of the callback with that request id: outcome, and on success where the browser goes; '
    'where it is to see a page first, clean_page says of which kind, beside what the page shows. Pending: its cookie, the '
    'fresh one or the attempt''s own, is to be kept for max_age seconds, so that it can confirm.';

CREATE OR REPLACE FUNCTION o365_internal.callback_error_outcome(error text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN CASE
        WHEN error IN ('no_parameters', 'malformed', 'framed', 'bad_webhook') THEN error
        -- However they are spelled: the documentation writes AccessDenied and Invalid Request, OAuth access_denied.
        WHEN lower(regexp_replace(error, '[[:space:]_-]' COLLATE "C", '', 'g') COLLATE "C") = 'accessdenied' THEN 'denied'
        WHEN lower(regexp_replace(error, '[[:space:]_-]' COLLATE "C", '', 'g') COLLATE "C") = 'invalidrequest' THEN 'invalid_request'
        ELSE 'unknown_error' END;
END $$;
COMMENT ON FUNCTION o365_internal.callback_error_outcome(text) IS
    'The outcome of an attempt whose callback brings that error: one of the responder''s own names, or what Microsoft''s page says, in any spelling.';

CREATE OR REPLACE FUNCTION o365_programs.responder_callback_error(slug text, request_id text, state_hash bytea, cookie_hash bytea, error text,
    detail text DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_attempt record;
    v_outcome text := o365_internal.callback_error_outcome(error);
BEGIN
    IF v_outcome IN ('no_parameters', 'malformed', 'framed') THEN
        -- Nothing is judged. The state, where there is one, only says whose attempt it was.
        INSERT INTO o365_internal.connect_attempt AS n (connector_id, expires_at, consumed_at, outcome, detail, request_id, of_attempt, app_user)
            SELECT c.connector_id, now(), now(), v_outcome, responder_callback_error.detail, responder_callback_error.request_id, a.attempt_id,
                   a.app_user
              FROM (SELECT (o365_internal.connector_by_slug(responder_callback_error.slug)).connector_id) AS c
              LEFT JOIN o365_internal.connect_attempt AS a
                     ON a.state_hash = responder_callback_error.state_hash AND a.connector_id = c.connector_id;
    ELSE
        v_attempt := o365_internal.judge_attempt(slug, request_id, state_hash, cookie_hash, NULL, NULL, v_outcome);
        IF v_attempt.verdict = 'open' THEN
            PERFORM o365_internal.end_attempt(v_attempt.attempt_id, request_id, v_outcome,
                CASE WHEN v_outcome = 'unknown_error' THEN left(o365_internal.label(error), 200) ELSE detail END, NULL);
        END IF;
    END IF;
    RETURN o365_programs.responder_callback_outcome(request_id);
END $$;
COMMENT ON FUNCTION o365_programs.responder_callback_error(text, text, bytea, bytea, text, text) IS
    'A callback that brings no webhook: an error of Microsoft''s page, or no_parameters, malformed, framed or bad_webhook as the responder found. '
    'detail: what exactly was wrong, for o365.attempt; never a value of the URL. Returns what responder_callback_outcome does. An error consumes the '
    'state, and the same error again in the same browser has the same outcome. A hit without the right cookie consumes nothing, nor do the first '
    'three of the responder''s.';

CREATE OR REPLACE FUNCTION o365_internal.attempt_by_public_id(connector_id integer, id text) RETURNS o365_internal.connect_attempt
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_attempt o365_internal.connect_attempt;
BEGIN
    IF id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN
        SELECT a.* INTO v_attempt FROM o365_internal.connect_attempt AS a
         WHERE a.public_id = id::uuid AND a.connector_id = attempt_by_public_id.connector_id
           AND a.outcome IN ('connected', 'pending', 'unconfirmed', 'discarded') AND a.of_attempt IS NULL;
    END IF;
    RETURN v_attempt;
END $$;
COMMENT ON FUNCTION o365_internal.attempt_by_public_id(integer, text) IS
    'The attempt of that connector which stored a webhook, by the unguessable id in the URL of its page; null for any '
    'other text.';

CREATE OR REPLACE FUNCTION o365_programs.responder_done(slug text, id text, cookie_hashes bytea[]) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_connector o365_internal.connector := o365_internal.connector_by_slug(slug);
    v_attempt o365_internal.connect_attempt := o365_internal.attempt_by_public_id(v_connector.connector_id, id);
    v_outcome text := o365_internal.outcome_now(v_attempt);
    v_cookie integer := array_position(cookie_hashes, v_attempt.cookie_hash);
    v_subscription o365_internal.subscription;
    v_page jsonb := o365_internal.connector_page(v_connector) || jsonb_build_object('found', v_outcome IS NOT NULL, 'outcome', v_outcome,
        'request_id', v_attempt.request_id);
BEGIN
    SELECT s.* INTO v_subscription FROM o365_internal.subscription AS s WHERE s.subscription_id = v_attempt.subscription_id;
    IF v_outcome = 'connected' AND v_subscription.status = 'removed' THEN
        RETURN v_page || jsonb_build_object('found', false);
    END IF;
    IF v_outcome IN ('unconfirmed', 'discarded') THEN
        RETURN v_page || o365_internal.way_on(v_connector, v_attempt.request_id, cookie_hashes);
    END IF;
    IF v_cookie IS NOT NULL THEN
        v_page := v_page || jsonb_build_object('group_name', v_subscription.group_name, 'app_type', v_subscription.app_type_normalised,
            'account', v_subscription.app_user);
    END IF;
    IF v_outcome = 'connected' THEN
        RETURN v_page || CASE WHEN v_cookie IS NULL THEN '{"elsewhere": true}'
                              ELSE jsonb_build_object('continue_url', v_attempt.return_url, 'renewal', v_attempt.detail) END;
    END IF;
    IF v_cookie IS NOT NULL AND EXISTS (SELECT FROM o365_internal.subscription AS s
                                         WHERE s.subscription_id = v_subscription.replaces AND s.status <> 'removed') THEN
        v_page := v_page || jsonb_build_object('replaces', true, 'may_keep_both', v_attempt.renews IS NULL);
    END IF;
    RETURN v_page || jsonb_build_object('cookie', v_cookie,
        'webhook_host', CASE WHEN v_cookie IS NOT NULL THEN v_subscription.webhook_host END,
        'stateless', v_attempt.state_hash IS NULL, 'minutes', o365_internal.text_setting('confirm_minutes'));
END $$;
COMMENT ON FUNCTION o365_programs.responder_done(text, text, bytea[]) IS
    'The page of an attempt that stored a webhook, by its unguessable id; found is false for any other, and once the connection was removed. '
    'outcome: connected, pending, unconfirmed or discarded. Group, account and return target are told only to the browser that connected, by one of '
    'cookie_hashes; elsewhere: it is another one. renewal: unchanged (the same webhook again) or replaced. Pending: replaces: the user has that '
    'place already, and may_keep_both says whether both may stand; cookie is the place in cookie_hashes (from 1) of the one that may confirm; null: this browser may not.';

CREATE OR REPLACE FUNCTION o365_internal.replace_webhook(old o365_internal.subscription, new o365_internal.subscription) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- First, for a user has a webhook once.
    PERFORM o365.remove(new.subscription_id);
    UPDATE o365_internal.subscription AS s SET status_reason = format('its webhook replaced that of subscription %s', old.subscription_id)
     WHERE s.subscription_id = new.subscription_id;
    UPDATE o365_internal.subscription AS s
       SET sealed = new.replacement, key_id = new.replacement_key_id, key_pinned = new.key_pinned, secret_version = s.secret_version + 1,
           renewed_at = now(), webhook_index = new.webhook_index, user_index = new.user_index, dialect = new.dialect,
           webhook_host = new.webhook_host, app_type = new.app_type, app_type_normalised = new.app_type_normalised,
           group_name = new.group_name, app_state = coalesce(new.app_state, s.app_state)
     WHERE s.subscription_id = old.subscription_id;
    PERFORM o365_internal.revive(old.subscription_id);
    IF old.status = 'active' THEN
        PERFORM o365_internal.wake(old.subscription_id);
    END IF;
END $$;
COMMENT ON FUNCTION o365_internal.replace_webhook(o365_internal.subscription, o365_internal.subscription) IS
    'Gives the webhook of a pending subscription, which ends by it, to the one that it replaces; number, settings and queue of that stay, and what '
    'waits leaves at once unless it is paused. Both are locked.';

CREATE OR REPLACE FUNCTION o365_programs.responder_confirm(slug text, id text, cookie_hash bytea, request_id text, confirmed boolean,
    replace boolean DEFAULT false) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_connector o365_internal.connector := o365_internal.connector_by_slug(slug);
    v_attempt o365_internal.connect_attempt := o365_internal.attempt_by_public_id(v_connector.connector_id, id);
    v_subscription o365_internal.subscription;
    v_replaced o365_internal.subscription;
    v_outcome text;
    v_request_id text := request_id;
    v_verdict text;
BEGIN
    IF v_attempt.attempt_id IS NULL THEN
        RETURN o365_internal.connector_page(v_connector) || jsonb_build_object('found', false);
    END IF;
    -- Attempt, ticket, lane: as a callback locks them. What attempt and subscription say under their locks decides.
    SELECT a.* INTO v_attempt FROM o365_internal.connect_attempt AS a WHERE a.attempt_id = v_attempt.attempt_id FOR UPDATE;
    PERFORM FROM o365_internal.ticket AS t WHERE t.ticket_hash = v_attempt.ticket_hash FOR UPDATE;
    -- The older one first, as whoever locks several does.
    SELECT s.* INTO v_subscription FROM o365_internal.subscription AS s WHERE s.subscription_id = v_attempt.subscription_id;
    v_replaced := o365_internal.lock_subscription(v_subscription.replaces);
    v_subscription := o365_internal.lock_subscription(v_attempt.subscription_id);
    v_outcome := o365_internal.outcome_now(v_attempt);
    v_verdict := CASE
        WHEN cookie_hash IS NULL THEN 'no_cookie'
        WHEN cookie_hash IS DISTINCT FROM v_attempt.cookie_hash THEN 'other_browser'
        WHEN v_outcome = 'pending' THEN CASE WHEN confirmed THEN 'connected' ELSE 'discarded' END
        WHEN v_outcome = 'connected' AND v_subscription.status <> 'removed' THEN 'repeated'
        WHEN v_outcome = 'unconfirmed' THEN 'unconfirmed'
        WHEN v_outcome = 'discarded' AND NOT confirmed THEN 'discarded'
        ELSE 'used' END;
    IF v_outcome = 'discarded' AND v_verdict = 'discarded' THEN
        -- No was said twice; the ticket may have served another attempt meanwhile.
        v_request_id := v_attempt.request_id;
    ELSIF v_verdict IN ('connected', 'discarded') THEN
        v_request_id := v_attempt.request_id;
        UPDATE o365_internal.connect_attempt AS a SET outcome = v_verdict, consumed_at = now() WHERE a.attempt_id = v_attempt.attempt_id;
        IF v_verdict = 'connected' AND v_replaced.status <> 'removed' AND (replace OR v_attempt.renews IS NOT NULL) THEN
            PERFORM o365_internal.replace_webhook(v_replaced, v_subscription);
            UPDATE o365_internal.connect_attempt AS a SET subscription_id = v_replaced.subscription_id, detail = 'replaced'
             WHERE a.attempt_id = v_attempt.attempt_id;
        ELSIF v_verdict = 'connected' THEN
            UPDATE o365_internal.subscription AS s SET replaces = NULL, replacement = NULL, replacement_key_id = NULL
             WHERE s.subscription_id = v_subscription.subscription_id AND s.replaces IS NOT NULL;
            PERFORM o365_internal.revive(v_subscription.subscription_id);
        ELSE
            PERFORM o365.remove(v_subscription.subscription_id);
            -- Nothing came of it after all: whoever chose the wrong group chooses again.
            UPDATE o365_internal.ticket AS t SET used_at = NULL, attempt_id = NULL WHERE t.ticket_hash = v_attempt.ticket_hash;
        END IF;
    ELSE
        INSERT INTO o365_internal.connect_attempt (connector_id, expires_at, consumed_at, outcome, detail, request_id, of_attempt,
                subscription_id, app_user)
            VALUES (v_connector.connector_id, now(), now(), v_verdict,
                    'on confirming' || CASE WHEN v_verdict = 'used' THEN ': the attempt had ended as ' || v_outcome ELSE '' END,
                    request_id, v_attempt.attempt_id, CASE WHEN v_verdict = 'repeated' THEN v_attempt.subscription_id END,
                    v_attempt.app_user);
    END IF;
    RETURN o365_internal.connector_page(v_connector) || jsonb_build_object('found', true, 'outcome', v_verdict, 'request_id', v_request_id);
END $$;
COMMENT ON FUNCTION o365_programs.responder_confirm(text, text, bytea, text, boolean, boolean) IS
    'The POST that confirms a pending connection, or with confirmed false wipes it and lets its ticket serve again. replace: the subscription of the '
    'same place gets its webhook, instead of standing beside it. outcome: connected, discarded, repeated (it was confirmed before), or why not: '
    'no_cookie, other_browser, unconfirmed, used. request_id finds it with o365.attempt. Only the hash of the cookie that the attempt is bound to may '
    'confirm.';

CREATE OR REPLACE FUNCTION o365_internal.connection_that_stands(connector_id integer, request_id text, cookie_hashes bytea[])
RETURNS o365_internal.subscription
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN (SELECT s FROM o365_internal.connect_attempt AS hit
      LEFT JOIN o365_internal.connect_attempt AS its ON its.attempt_id = hit.of_attempt
      LEFT JOIN o365_internal.ticket AS t ON t.ticket_hash = coalesce(hit.ticket_hash, its.ticket_hash)
      JOIN o365_internal.connect_attempt AS a ON a.attempt_id IN (hit.of_attempt, t.attempt_id) AND a.cookie_hash = ANY ($3)
      JOIN o365_internal.subscription AS s ON s.subscription_id = a.subscription_id AND s.status NOT IN ('pending', 'removed')
     WHERE hit.request_id = $2 AND hit.connector_id = $1 AND hit.outcome IN ('already_connected', 'used', 'ticket')
       AND a.connector_id = $1 AND a.outcome IN ('connected', 'pending')
     ORDER BY hit.attempt_id DESC, a.attempt_id DESC LIMIT 1);
END $$;
COMMENT ON FUNCTION o365_internal.connection_that_stands(integer, text, bytea[]) IS
    'The connection that a used state or ticket had made, for the failure page with that request id, if this browser made it: one of its cookies '
    'says so. Null otherwise.';

CREATE OR REPLACE FUNCTION o365_programs.responder_failed(slug text, request_id text, cookie_hashes bytea[], looks_again boolean DEFAULT false) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_connector o365_internal.connector := o365_internal.connector_by_slug(slug);
    v_stands o365_internal.subscription := o365_internal.connection_that_stands(v_connector.connector_id, request_id, cookie_hashes);
    v_page jsonb := o365_internal.connector_page(v_connector) || o365_internal.way_on(v_connector, request_id, cookie_hashes);
BEGIN
    IF v_stands.subscription_id IS NOT NULL THEN
        v_page := v_page || jsonb_build_object('stands', true, 'group_name', v_stands.group_name, 'app_type', v_stands.app_type_normalised,
            'account', coalesce(v_page ->> 'account', v_stands.app_user));
    END IF;
    IF looks_again THEN
        UPDATE o365_internal.connect_attempt AS h SET outcome = 'strict_cookie'
          FROM o365_internal.connect_attempt AS a
         WHERE h.request_id = responder_failed.request_id AND h.connector_id = v_connector.connector_id AND h.outcome IN ('no_cookie', 'strict_cookie')
           AND a.attempt_id = h.of_attempt AND a.cookie_hash = ANY (cookie_hashes);
        v_page := v_page || jsonb_build_object('strict_cookie', FOUND);
    END IF;
    RETURN v_page;
END $$;
COMMENT ON FUNCTION o365_programs.responder_failed(text, text, bytea[], boolean) IS
    'What a failure page shows besides its reason: the connector, and how this browser may go on (again: ticket, landing or application; account: '
    'whose ticket it is). stands: this browser had connected before with the same state or ticket, and group_name, app_type and account say what. '
    'looks_again: the page was opened by itself, from our own site; strict_cookie then says whether the cookie came that the callback had missed, and '
    'the callback''s row has that outcome. found is false when there is no such connector.';

CREATE OR REPLACE FUNCTION o365_programs.responder_logo(slug text) RETURNS TABLE (content_type text, logo bytea)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT c.logo_type, c.logo FROM o365_internal.connector AS c WHERE c.slug = $1 AND c.removed_at IS NULL;
END $$;
COMMENT ON FUNCTION o365_programs.responder_logo(text) IS 'A connector''s logo; no row when there is no such connector.';

CREATE OR REPLACE FUNCTION o365_programs.responder_health() RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
BEGIN
    RETURN jsonb_build_object('ok', EXISTS (SELECT FROM o365_internal.migration), 'one_role', NOT o365_internal.has_roles(),
        'sealing_keys', (SELECT coalesce(jsonb_agg(k.key_id ORDER BY k.created_at DESC, k.key_id), '[]')
                           FROM o365_internal.sealing_key AS k WHERE k.kind = 'public' AND k.active));
END $$;
COMMENT ON FUNCTION o365_programs.responder_health() IS
    'ok when the schema answers; for the responder''s --check whether everything belongs to one role, and the ids of the keys that seal, newest '
    'first.';
