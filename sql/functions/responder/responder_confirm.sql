CREATE OR REPLACE FUNCTION o365_programs.responder_confirm(slug text, id text, cookie_hash bytea, request_id text,
    confirmed boolean,
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
    -- Lock order: attempt, ticket, lane, as in a callback. The state of attempt and subscription under their locks
    -- decides.
    SELECT a.* INTO v_attempt FROM o365_internal.connect_attempt AS a WHERE a.attempt_id = v_attempt.attempt_id
     FOR UPDATE;
    PERFORM FROM o365_internal.ticket AS t WHERE t.ticket_hash = v_attempt.ticket_hash FOR UPDATE;
    -- The older one first, like all functions that lock several.
    SELECT s.* INTO v_subscription FROM o365_internal.subscription AS s
     WHERE s.subscription_id = v_attempt.subscription_id;
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
        -- The user said no twice; the ticket may have been used by another attempt meanwhile.
        v_request_id := v_attempt.request_id;
    ELSIF v_verdict IN ('connected', 'discarded') THEN
        v_request_id := v_attempt.request_id;
        UPDATE o365_internal.connect_attempt AS a SET outcome = v_verdict, consumed_at = now()
         WHERE a.attempt_id = v_attempt.attempt_id;
        IF v_verdict = 'connected' AND v_replaced.status <> 'removed' AND (replace OR v_attempt.renews IS NOT NULL) THEN
            PERFORM o365_internal.replace_webhook(v_replaced, v_subscription);
            UPDATE o365_internal.connect_attempt AS a
               SET subscription_id = v_replaced.subscription_id, detail = 'replaced'
             WHERE a.attempt_id = v_attempt.attempt_id;
        ELSIF v_verdict = 'connected' THEN
            UPDATE o365_internal.subscription AS s SET replaces = NULL, replacement = NULL, replacement_key_id = NULL
             WHERE s.subscription_id = v_subscription.subscription_id AND s.replaces IS NOT NULL;
            PERFORM o365_internal.revive(v_subscription.subscription_id);
        ELSE
            PERFORM o365_internal.remove_subscription(v_subscription.subscription_id, 'user', 'its user said no');
            -- Nothing was connected: a user who chose the wrong group can choose again.
            UPDATE o365_internal.ticket AS t SET used_at = NULL, attempt_id = NULL
             WHERE t.ticket_hash = v_attempt.ticket_hash;
        END IF;
    ELSE
        INSERT INTO o365_internal.connect_attempt (connector_id, expires_at, consumed_at, outcome, detail, request_id,
                of_attempt,
                subscription_id, app_user)
            VALUES (v_connector.connector_id, now(), now(), v_verdict,
                    'on confirming' || CASE WHEN v_verdict = 'used' THEN ': the attempt had ended as ' || v_outcome
                        ELSE '' END,
                    request_id, v_attempt.attempt_id, CASE WHEN v_verdict = 'repeated'
                        THEN v_attempt.subscription_id END,
                    v_attempt.app_user);
    END IF;
    RETURN o365_internal.connector_page(v_connector)
        || jsonb_build_object('found', true, 'outcome', v_verdict, 'request_id', v_request_id);
END $$;
COMMENT ON FUNCTION o365_programs.responder_confirm(text, text, bytea, text, boolean, boolean) IS
    'The POST that confirms a pending connection, or with confirmed false wipes it and lets its ticket serve again. '
    'replace: the subscription of the same place gets its webhook, instead of standing beside it. outcome: connected, '
    'discarded, repeated (it was confirmed before), or why not: no_cookie, other_browser, unconfirmed, used. '
    'request_id finds it with o365.connect_attempt. Only the hash of the cookie that the attempt is bound to may '
    'confirm.';
