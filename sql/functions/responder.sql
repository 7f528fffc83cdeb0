-- What the responder calls: one statement a request, an answer in one jsonb.

CREATE OR REPLACE FUNCTION o365_internal.connector_page(c o365_internal.connector) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF c.connector_id IS NULL THEN
        RETURN jsonb_build_object('found', false, 'public_url', o365_internal.text_setting('public_url'));
    END IF;
    RETURN jsonb_build_object('found', true, 'public_url', o365_internal.text_setting('public_url'), 'slug', c.slug, 'name', c.name,
        'short_description', c.short_description, 'website', c.website);
END $$;
COMMENT ON FUNCTION o365_internal.connector_page(o365_internal.connector) IS 'What every page of a connector shows; found is false for none.';

CREATE OR REPLACE FUNCTION o365_internal.connector_by_slug(slug text) RETURNS o365_internal.connector
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT c FROM o365_internal.connector AS c WHERE c.slug = $1 $$;
COMMENT ON FUNCTION o365_internal.connector_by_slug(text) IS 'The connector; null when there is none.';

CREATE OR REPLACE FUNCTION o365.responder_connectors() RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT jsonb_build_object('public_url', o365_internal.text_setting('public_url'), 'connectors', coalesce((
        SELECT jsonb_agg(jsonb_build_object('slug', c.slug, 'name', c.name, 'short_description', c.short_description) ORDER BY c.name)
          FROM o365_internal.connector AS c WHERE c.allow_anonymous), '[]')) $$;
COMMENT ON FUNCTION o365.responder_connectors() IS 'The connectors that anybody may connect.';

CREATE OR REPLACE FUNCTION o365_internal.open_ticket(connector_id integer, ticket_hash bytea) RETURNS o365_internal.ticket
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT t FROM o365_internal.ticket AS t
     WHERE t.ticket_hash = $2 AND t.connector_id = $1 AND t.used_at IS NULL AND t.expires_at > now() $$;
COMMENT ON FUNCTION o365_internal.open_ticket(integer, bytea) IS 'The ticket if it can still start a connection of this connector, else null.';

CREATE OR REPLACE FUNCTION o365.responder_landing(slug text, ticket_hash bytea) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
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
        'ticket', CASE WHEN ticket_hash IS NULL THEN 'none' WHEN v_ticket.ticket_hash IS NULL THEN 'invalid' ELSE 'valid' END,
        'may_start', v_ticket.ticket_hash IS NOT NULL OR (ticket_hash IS NULL AND coalesce(v_connector.allow_anonymous, false)));
END $$;
COMMENT ON FUNCTION o365.responder_landing(text, bytea) IS
    'A connector''s landing page, with the account that a ticket (SHA-256) names; may_start says whether the button is shown.';

CREATE OR REPLACE FUNCTION o365.responder_start(slug text, ticket_hash bytea, state_hash bytea, cookie_hash bytea, request_id text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_connector o365_internal.connector := o365_internal.connector_by_slug(slug);
    v_ticket o365_internal.ticket;
    v_minutes integer := o365_internal.integer_setting('state_minutes');
    v_page jsonb := o365_internal.connector_page(v_connector);
BEGIN
    IF v_connector.connector_id IS NULL THEN
        RETURN v_page;
    END IF;
    IF ticket_hash IS NOT NULL THEN
        v_ticket := o365_internal.open_ticket(v_connector.connector_id, ticket_hash);
    END IF;
    IF v_ticket.ticket_hash IS NULL AND (ticket_hash IS NOT NULL OR NOT v_connector.allow_anonymous) THEN
        RETURN v_page || jsonb_build_object('started', false, 'reason', 'ticket');
    END IF;
    INSERT INTO o365_internal.connect_attempt (connector_id, ticket_hash, state_hash, cookie_hash, app_user, app_state, return_url, expires_at)
        VALUES (v_connector.connector_id, v_ticket.ticket_hash, responder_start.state_hash, responder_start.cookie_hash, v_ticket.app_user,
                v_ticket.app_state, v_ticket.return_url, now() + make_interval(mins => v_minutes));
    RETURN v_page || jsonb_build_object('started', true, 'connect_url', o365_internal.text_setting('connect_url'), 'app_id', v_connector.app_id,
        'callback_url', v_connector.callback_url, 'max_age', v_minutes * 60);
END $$;
COMMENT ON FUNCTION o365.responder_start(text, bytea, bytea, bytea, text) IS
    'Begins an attempt with the hashes of a new state and cookie; started is false when the connector wants a ticket and this is none.';

-- VOLATILE: called by responder_callback_error it must see what that has just written.
CREATE OR REPLACE FUNCTION o365.responder_callback_outcome(request_id text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_hit o365_internal.connect_attempt;
    v_attempt o365_internal.connect_attempt;
    v_connector o365_internal.connector;
    v_subscription o365_internal.subscription;
    v_page jsonb;
BEGIN
    SELECT a.* INTO v_hit FROM o365_internal.connect_attempt AS a WHERE a.request_id = responder_callback_outcome.request_id
     ORDER BY a.attempt_id DESC LIMIT 1;
    SELECT c.* INTO v_connector FROM o365_internal.connector AS c WHERE c.connector_id = v_hit.connector_id;
    v_page := o365_internal.connector_page(v_connector) || jsonb_build_object('request_id', request_id,
        'outcome', coalesce(v_hit.outcome, 'unknown_connector'));
    IF v_hit.outcome IN ('connected', 'repeated') THEN
        SELECT a.* INTO v_attempt FROM o365_internal.connect_attempt AS a WHERE a.attempt_id = coalesce(v_hit.of_attempt, v_hit.attempt_id);
        SELECT s.* INTO v_subscription FROM o365_internal.subscription AS s WHERE s.subscription_id = v_attempt.subscription_id;
        v_page := v_page || jsonb_build_object('clean_page', v_connector.clean_page, 'group_name', v_subscription.group_name,
            'app_type', v_subscription.app_type_normalised, 'account', v_subscription.app_user,
            'location', coalesce(v_attempt.return_url, o365_internal.text_setting('public_url') || '/connect/' || v_connector.slug || '/done/' || v_attempt.public_id));
    END IF;
    RETURN v_page;
END $$;
COMMENT ON FUNCTION o365.responder_callback_outcome(text) IS
    'What became of the callback with that request id: outcome, and on success where the browser goes.';

CREATE OR REPLACE FUNCTION o365.responder_callback_error(slug text, request_id text, state_hash bytea, cookie_hash bytea, error text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_judged record;
    v_attempt o365_internal.connect_attempt;
    v_outcome text := CASE
        WHEN error IN ('no_parameters', 'malformed', 'bad_webhook') THEN error
        WHEN error = 'AccessDenied' THEN 'denied'
        WHEN error = 'Invalid Request' THEN 'invalid_request'
        ELSE 'unknown_error' END;
BEGIN
    IF v_outcome IN ('no_parameters', 'malformed') THEN
        INSERT INTO o365_internal.connect_attempt (connector_id, expires_at, consumed_at, outcome, request_id)
            VALUES ((o365_internal.connector_by_slug(slug)).connector_id, now(), now(), v_outcome, responder_callback_error.request_id);
    ELSE
        v_judged := o365_internal.judge_attempt(slug, request_id, state_hash, cookie_hash);
        v_attempt := v_judged.attempt;
        IF v_judged.verdict = 'open' THEN
            PERFORM o365_internal.end_attempt(v_attempt.attempt_id, request_id, v_outcome,
                CASE WHEN v_outcome = 'unknown_error' THEN left(error, 200) END, NULL);
        END IF;
    END IF;
    RETURN o365.responder_callback_outcome(request_id);
END $$;
COMMENT ON FUNCTION o365.responder_callback_error(text, text, bytea, bytea, text) IS
    'A callback that brings no webhook: an error of Microsoft''s page, or no_parameters, malformed, bad_webhook as the responder found. Returns '
    'what responder_callback_outcome does. An error consumes the state; a hit without the right cookie does not.';

CREATE OR REPLACE FUNCTION o365.responder_done(slug text, id text) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_connector o365_internal.connector := o365_internal.connector_by_slug(slug);
    v_subscription o365_internal.subscription;
BEGIN
    IF id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN
        SELECT s.* INTO v_subscription FROM o365_internal.connect_attempt AS a
            JOIN o365_internal.subscription AS s ON s.subscription_id = a.subscription_id
         WHERE a.public_id = id::uuid AND a.connector_id = v_connector.connector_id AND a.outcome = 'connected';
    END IF;
    RETURN o365_internal.connector_page(v_connector) || jsonb_build_object('found', v_subscription.subscription_id IS NOT NULL,
        'group_name', v_subscription.group_name, 'app_type', v_subscription.app_type_normalised, 'account', v_subscription.app_user);
END $$;
COMMENT ON FUNCTION o365.responder_done(text, text) IS 'The success page of an attempt, by its unguessable id; found is false for any other.';

CREATE OR REPLACE FUNCTION o365.responder_page(slug text) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT o365_internal.connector_page(o365_internal.connector_by_slug($1)) $$;
COMMENT ON FUNCTION o365.responder_page(text) IS 'What every page of a connector shows; found is false when there is none.';

CREATE OR REPLACE FUNCTION o365.responder_logo(slug text) RETURNS TABLE (content_type text, logo bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.logo_type, c.logo FROM o365_internal.connector AS c WHERE c.slug = $1 $$;
COMMENT ON FUNCTION o365.responder_logo(text) IS 'A connector''s logo; no row when there is no such connector.';

CREATE OR REPLACE FUNCTION o365.responder_health() RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT jsonb_build_object('ok', EXISTS (SELECT FROM o365_internal.migration)) $$;
COMMENT ON FUNCTION o365.responder_health() IS 'ok when the schema answers.';
