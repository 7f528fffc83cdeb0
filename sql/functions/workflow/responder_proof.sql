CREATE OR REPLACE FUNCTION o365_programs.responder_proof(slug text, id text, cookie_hashes bytea[]) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_connector o365_internal.connector := o365_internal.connector_by_slug(slug);
    v_attempt o365_internal.connect_attempt := o365_internal.pasted_attempt(v_connector.connector_id, id);
    v_outcome text := o365_internal.outcome_now(v_attempt);
    v_cookie integer := array_position(cookie_hashes, v_attempt.cookie_hash);
    v_proof o365_internal.proof;
    v_subscription o365_internal.subscription;
    v_end record;
    v_try record;
    v_waits boolean;
    v_page jsonb := o365_internal.connector_page(v_connector) || jsonb_build_object('found', v_outcome IS NOT NULL,
        'outcome', v_outcome, 'request_id', v_attempt.request_id);
BEGIN
    IF v_outcome IS NULL OR v_cookie IS NULL THEN
        RETURN v_page;
    END IF;
    SELECT s.* INTO v_subscription FROM o365_internal.subscription AS s
     WHERE s.subscription_id = v_attempt.subscription_id;
    SELECT p.* INTO v_proof FROM o365_internal.proof AS p WHERE p.attempt_id = v_attempt.attempt_id;
    v_waits := EXISTS (SELECT FROM o365_internal.outbox AS o WHERE o.card_id = v_proof.card_id);
    SELECT t.rule_id, t.http_status, t.problem INTO v_try FROM o365_internal.attempt AS t
     WHERE t.card_id = v_proof.card_id AND t.at >= v_proof.made_at ORDER BY t.at DESC LIMIT 1;
    SELECT d.outcome, d.rule_id, d.http_status INTO v_end FROM o365_internal.delivery AS d
     WHERE d.card_id = v_proof.card_id AND d.at >= v_proof.made_at LIMIT 1;
    RETURN v_page || jsonb_build_object('cookie', v_cookie, 'group_name', v_subscription.group_name,
        'account', coalesce(v_subscription.label, v_subscription.app_user), 'payload', v_subscription.payload,
        'posted', coalesce(v_end.outcome IN ('accepted', 'delivered', 'in_doubt'), false),
        'in_doubt', coalesce(v_end.outcome = 'in_doubt', false),
        'refused', coalesce(v_end.outcome NOT IN ('accepted', 'delivered', 'in_doubt'), false),
        'failing', v_waits AND v_try.problem IS NOT NULL,
        'rule_id', coalesce(v_end.rule_id, v_try.rule_id)::text,
        'http_status', nullif(coalesce(v_end.http_status, v_try.http_status), 0)::text,
        'no_worker', v_waits AND o365_internal.workers_away() IS NOT NULL,
        'wrong', v_proof.tries > 0,
        'tries_left', greatest(o365_internal.integer_setting('proof_tries') - v_proof.tries, 0),
        'codes_left', greatest(o365_internal.integer_setting('proof_codes') - v_proof.codes, 0),
        'minutes_left', greatest(ceil(extract(epoch FROM v_proof.made_at - now()) / 60
                                      + o365_internal.integer_setting('proof_minutes')), 0)::integer,
        -- A choice that was made is not asked again.
        'replaces', v_attempt.renews IS NULL
            AND EXISTS (SELECT FROM o365_internal.subscription AS s WHERE s.subscription_id = v_subscription.replaces
                                                                     AND s.status NOT IN ('pending', 'removed')),
        'return_url', v_attempt.return_url);
END $$;
COMMENT ON FUNCTION o365_programs.responder_proof(text, text, bytea[]) IS
    'The page of a pasted webhook, by its unguessable id; found is false for any other. outcome: pending, connected, '
    'superseded (it was pasted again), unconfirmed. Only the browser that pasted, by one of cookie_hashes, is told '
    'more; cookie is its place in them (from 1), absent for another browser. posted: the far end has taken the card '
    'with the newest code, or may have (in_doubt); refused: it has ended otherwise; failing: it is tried again; '
    'rule_id and http_status say after which answer. no_worker: nothing is sent just now. wrong: a wrong code was '
    'typed. replaces: the user has a connection of that name, which may get the webhook (the column replace '
    'of o365_programs.proof). tries_left, codes_left, minutes_left: '
    'what is left of the bounds proof_tries, proof_codes and proof_minutes.';
