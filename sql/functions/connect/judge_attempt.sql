CREATE OR REPLACE FUNCTION o365_internal.judge_attempt(
    slug text, request_id text, state_hash bytea, cookie_hash bytea, fresh_cookie_hash bytea, webhook_index bytea,
    failure text,
    OUT verdict text, OUT attempt_id bigint, OUT stateless boolean, OUT connector_id integer, OUT confirm boolean,
    OUT ticket_hash bytea,
    OUT app_user text, OUT app_state jsonb, OUT renews bigint, OUT schedule text, OUT public_id uuid,
    OUT return_url text, OUT clean_page text)
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_require_state boolean;
    v_cookie_hash bytea;
    v_expires_at timestamptz;
    v_outcome text;
    v_subscription_id bigint;
    v_stored_index bytea;
BEGIN
    -- One statement reads everything that a successful callback needs, because the number of statements decides its
    -- cost.
    SELECT a.attempt_id, false, a.connector_id, c.confirm, a.ticket_hash, a.app_user, a.app_state, a.renews,
           coalesce(a.schedule, c.schedule), a.public_id, a.return_url, c.clean_page, a.cookie_hash, a.expires_at,
           a.outcome, a.subscription_id
      INTO attempt_id, stateless, connector_id, confirm, ticket_hash, app_user, app_state, renews, schedule,
           public_id, return_url, clean_page, v_cookie_hash, v_expires_at, v_outcome, v_subscription_id
      FROM o365_internal.connect_attempt AS a JOIN o365_internal.connector AS c ON c.connector_id = a.connector_id
     WHERE a.state_hash = judge_attempt.state_hash AND c.slug = judge_attempt.slug AND c.removed_at IS NULL
       -- The foreign keys lock this row later anyway: a connector that is being removed gets no new subscription.
       FOR UPDATE OF a FOR KEY SHARE OF c;
    -- Hashes of random values are compared, so the time a comparison takes says nothing about the values.
    IF attempt_id IS NULL THEN
        SELECT c.connector_id, c.confirm, c.schedule, c.require_state
          INTO connector_id, confirm, schedule, v_require_state
          FROM o365_internal.connector AS c
         WHERE c.slug = judge_attempt.slug AND c.removed_at IS NULL FOR KEY SHARE;
        verdict := CASE WHEN connector_id IS NULL THEN 'unknown_connector' WHEN v_require_state THEN 'no_state'
            ELSE 'open' END;
    ELSIF v_outcome IS NOT NULL THEN
        SELECT o365_internal.outcome_now(a), s.webhook_index INTO v_outcome, v_stored_index
          FROM o365_internal.connect_attempt AS a LEFT JOIN o365_internal.subscription AS s
              ON s.subscription_id = a.subscription_id
         WHERE a.attempt_id = judge_attempt.attempt_id;
        verdict := CASE
            WHEN v_cookie_hash = cookie_hash AND v_outcome IN ('connected', 'pending')
                 AND v_stored_index = webhook_index THEN 'repeated'
            WHEN v_cookie_hash = cookie_hash AND v_outcome IN ('connected', 'pending') AND v_stored_index IS NOT NULL
                THEN 'already_connected'
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
    IF verdict NOT IN ('open', 'repeated', 'already_connected')
       AND NOT o365_internal.may_note_refusal(connector_id, 'button') THEN
        PERFORM o365_internal.pass_refusal(request_id, connector_id, verdict);
    ELSIF verdict <> 'open' THEN
        INSERT INTO o365_internal.connect_attempt (connector_id, expires_at, consumed_at, outcome, detail, request_id,
                of_attempt,
                subscription_id, app_user)
            VALUES (judge_attempt.connector_id, now(), now(), verdict,
                    CASE WHEN verdict = 'no_state' THEN CASE WHEN judge_attempt.state_hash IS NULL
                        THEN 'it carried none'
                                                             ELSE 'it carried one that was never handed out for this '
                                                                 'connector' END
                         WHEN verdict = 'used' THEN 'the attempt had ended as ' || v_outcome
                         WHEN verdict = 'already_connected' THEN CASE WHEN webhook_index IS NULL
                             THEN 'it brought an error'
                                                                      ELSE 'it brought another webhook' END
                         WHEN verdict = failure THEN 'the same once more' END,
                    judge_attempt.request_id, judge_attempt.attempt_id,
                    CASE WHEN verdict IN ('repeated', 'already_connected')
                        THEN v_subscription_id END, judge_attempt.app_user);
    ELSIF attempt_id IS NULL THEN
        INSERT INTO o365_internal.connect_attempt AS a (connector_id, cookie_hash, expires_at)
            VALUES (judge_attempt.connector_id, fresh_cookie_hash, now()) RETURNING a.attempt_id INTO attempt_id;
        stateless := true;
    END IF;
END $$;
COMMENT ON FUNCTION o365_internal.judge_attempt(text, text, bytea, bytea, bytea, bytea, text) IS
    'Judges the state and the cookie of a callback and locks the attempt. webhook_index: blind index of the webhook '
    'that it brings, null for none. failure: the outcome that the callback would give an open attempt, null when it '
    'would connect. verdict open: go on with what is returned of the attempt and its connector. Any other verdict is '
    'inserted as a row of its own and leaves the attempt as it was: a request of another browser must not consume it. '
    'An attempt that has ended gives its own browser repeated for the webhook that is stored, already_connected for '
    'anything else after a connection, and the same failure again. Where the connector requires no state, a callback '
    'without one of ours gets an attempt of its own (stateless), bound to the fresh cookie.';
