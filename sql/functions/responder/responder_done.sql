CREATE OR REPLACE FUNCTION o365_programs.responder_done(slug text, id text, cookie_hashes bytea[]) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_connector o365_internal.connector := o365_internal.connector_by_slug(slug);
    v_attempt o365_internal.connect_attempt := o365_internal.attempt_by_public_id(v_connector.connector_id, id);
    v_outcome text := o365_internal.outcome_now(v_attempt);
    v_cookie integer := array_position(cookie_hashes, v_attempt.cookie_hash);
    v_subscription o365_internal.subscription;
    v_page jsonb := o365_internal.connector_page(v_connector) || jsonb_build_object('found', v_outcome IS NOT NULL,
        'outcome', v_outcome, 'request_id', v_attempt.request_id);
BEGIN
    SELECT s.* INTO v_subscription FROM o365_internal.subscription AS s
     WHERE s.subscription_id = v_attempt.subscription_id;
    IF v_outcome = 'connected' AND v_subscription.status = 'removed' THEN
        RETURN v_page || jsonb_build_object('found', false);
    END IF;
    IF v_outcome IN ('unconfirmed', 'discarded') THEN
        RETURN v_page || o365_internal.way_on(v_connector, v_attempt.request_id, cookie_hashes);
    END IF;
    IF v_cookie IS NOT NULL THEN
        v_page := v_page || jsonb_build_object('group_name', v_subscription.group_name,
            'app_type', CASE WHEN v_attempt.way = 'workflow' THEN 'workflow'
                             ELSE v_subscription.app_type_normalised END,
            'account', coalesce(v_subscription.label, v_subscription.app_user));
    END IF;
    IF v_outcome = 'connected' THEN
        RETURN v_page || CASE WHEN v_cookie IS NULL THEN '{"elsewhere": true}'
                              ELSE jsonb_build_object('continue_url', v_attempt.return_url, 'renewal', v_attempt.detail,
                                                      'cookie', v_cookie) END;
    END IF;
    IF v_cookie IS NOT NULL AND EXISTS (SELECT FROM o365_internal.subscription AS s
                                         WHERE s.subscription_id = v_subscription.replaces
                                           AND s.status <> 'removed') THEN
        v_page := v_page || jsonb_build_object('replaces', true, 'may_keep_both', v_attempt.renews IS NULL);
    END IF;
    RETURN v_page || jsonb_build_object('cookie', v_cookie,
        'webhook_host', CASE WHEN v_cookie IS NOT NULL THEN v_subscription.webhook_host END,
        'stateless', v_attempt.state_hash IS NULL, 'minutes', o365_internal.text_setting('confirm_minutes'));
END $$;
COMMENT ON FUNCTION o365_programs.responder_done(text, text, bytea[]) IS
    'The page of an attempt that stored a webhook, by its unguessable id; found is false for any other, and once the '
    'connection was removed. outcome: connected, pending, unconfirmed or discarded. Group, account and return target '
    'are told only to the browser that connected, by one of cookie_hashes; elsewhere: it is another one. renewal: '
    'unchanged (the same webhook again) or replaced; cookie as below. Pending: replaces: the user has that place '
    'already, and may_keep_both says whether both may stand; cookie is the place in cookie_hashes (from 1) of the one '
    'that may confirm; null: this browser may not.';
