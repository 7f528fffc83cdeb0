CREATE OR REPLACE FUNCTION o365.retry_card(card_id bigint, reason text DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    v_subscription o365_internal.subscription := o365_internal.card_to_change($1);
    v_dead o365_internal.dead_card;
    v_outcome text;
    v_newer bigint;
BEGIN
    SELECT d.* INTO v_dead FROM o365_internal.dead_card AS d WHERE d.card_id = $1 FOR UPDATE;
    IF NOT FOUND THEN
        v_outcome := (SELECT d.outcome FROM o365_internal.delivery AS d WHERE d.card_id = $1
                       ORDER BY d.at DESC LIMIT 1);
        RAISE EXCEPTION 'card % cannot be sent again: %', $1, CASE
                WHEN v_outcome IS NULL THEN 'it has not ended'
                WHEN v_outcome IN ('dead', 'in_doubt', 'expired') THEN 'its content is not kept any more'
                ELSE 'it ended as ' || v_outcome END
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = CASE
                WHEN v_outcome IS NULL THEN format('It leaves by itself: select * from o365.explain_card(%s).', $1)
                WHEN v_outcome IN ('dead', 'in_doubt', 'expired')
                THEN 'It was sent again already, as the event card_retried says, or dead_card_days have passed.'
                ELSE 'Cards that ended as dead, in_doubt or expired can be sent again. Send a new one.' END;
    END IF;
    IF v_subscription.status IN ('removed', 'gone', 'retired') THEN
        RAISE EXCEPTION 'subscription % is %', v_subscription.subscription_id, v_subscription.status
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Its user has to connect again: the application links to what o365.begin_connect returns.';
    END IF;
    v_newer := o365_internal.replaced_by(v_dead.subscription_id, v_dead.collapse_key, $1);
    IF v_newer IS NOT NULL THEN
        RAISE EXCEPTION 'card % cannot be sent again: card % replaced it', $1, v_newer
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'That one was sent later with the same collapse key. Send a new one.';
    END IF;
    RETURN o365_internal.resend_card(v_dead, reason);
END $$;
COMMENT ON FUNCTION o365.retry_card(bigint, text) IS
    'Sends a card again that ended as dead, in_doubt or expired, as a new card at the end of its lane, and returns its '
    'card_id. The content of such cards is kept for dead_card_days. Applications may retry cards of connectors that '
    'they may use, operators all. reason: shown in o365.events. Errors: insufficient_privilege, undefined_object, '
    'object_not_in_prerequisite_state (it waits, ended otherwise, was sent again, was replaced by a newer one with its '
    'collapse key, or is not kept any more; its '
    'connection is removed, gone or retired), lock_not_available (another session has its connection locked for 5 s).';
