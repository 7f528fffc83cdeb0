CREATE OR REPLACE FUNCTION o365.set_extra(subscription_id bigint, extra jsonb, reason text DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_extra jsonb := nullif(extra, '{}');
    v_subscription o365_internal.subscription;
BEGIN
    PERFORM o365_internal.check_extra(extra);
    v_subscription := o365_internal.subscription_to_change(subscription_id);
    IF v_subscription.status = 'removed' THEN
        RAISE EXCEPTION 'subscription % is removed', subscription_id
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Its user has to connect again.';
    END IF;
    IF v_subscription.extra IS DISTINCT FROM v_extra THEN
        UPDATE o365_internal.subscription AS s SET extra = v_extra WHERE s.subscription_id = set_extra.subscription_id;
        PERFORM o365_internal.note_event('changed', o365_internal.actor(), NULL, subscription_id,
                                         o365_internal.reason_text(reason), 'extra');
    END IF;
    IF v_extra IS NOT NULL AND (v_subscription.dialect <> 'workflow' OR v_subscription.payload = 'card') THEN
        RAISE WARNING 'connection % takes cards without extra fields', subscription_id
            USING HINT = 'They stand beside the card in the envelope that a workflow takes: this webhook takes '
                         'a card alone, so they are left out.';
    END IF;
    RETURN coalesce(v_extra, '{}');
END $$;
COMMENT ON FUNCTION o365.set_extra(bigint, jsonb, text) IS
    'Sets the fields that stand beside the card in each body posted to a workflow, for one flow that serves many '
    'people: {"recipient": "ann@contoso.example"}. An object of strings of at most 1,000 bytes; null or {}: none. '
    'Those of a card (o365.send) take precedence. Test cards have them too, even for a pending connection. A workflow '
    'that takes the bare card, and a connector webhook, have no place for them: a WARNING says so. reason: shown in '
    'o365.events. Returns what is set. Errors: insufficient_privilege, undefined_object, invalid_parameter_value '
    '(extra), object_not_in_prerequisite_state (removed), lock_not_available (another session has it locked for 5 s).';
