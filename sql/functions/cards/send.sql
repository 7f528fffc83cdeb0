CREATE OR REPLACE FUNCTION o365.send(subscription_id bigint, card jsonb, event text DEFAULT NULL,
    extra jsonb DEFAULT NULL, not_before timestamptz DEFAULT NULL, not_after timestamptz DEFAULT NULL,
    collapse text DEFAULT NULL, dedupe text DEFAULT NULL, urgent boolean DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_sent record := o365_internal.send_card(subscription_id, card, event, extra, not_before, not_after,
                                             collapse, dedupe, urgent);
BEGIN
    IF v_sent.card_id IS NULL THEN
        PERFORM o365_internal.refuse_card(subscription_id, v_sent.problems);
    END IF;
    RETURN v_sent.card_id;
END $$;
COMMENT ON FUNCTION o365.send(bigint, jsonb, text, jsonb, timestamptz, timestamptz, text, text, boolean) IS
    'Sends a card to a connection (o365.connections names it) and returns its card_id. The card leaves when your '
    'transaction commits, and not at all if it rolls back. A card to a paused or pending connection waits; one to a '
    'removed connection is accepted and ends as cancelled, and so does one about an event that its user does not want. '
    'extra: fields beside the card in the envelope of a workflow, an object of strings of at most 1,000 bytes, which '
    'override those of o365.set_extra. not_before: it waits until then, outside the order, and then comes after the '
    'waiting cards. not_after: it is not posted later but ends as expired; null: the connector''s max_age. collapse: a '
    'card that is sent later with the same key, to the same connection, replaces it while it is unsent: it ends as '
    'superseded. dedupe: if a card was sent with the same key to the same connection within dedupe_hours, none is sent '
    'and the card_id of the first one is returned. urgent: it is sent before the others, without waiting for the '
    'schedule of the connection, but does not overtake a pause, a limit or a retry. Errors: check_violation '
    '(o365.check_card finds an error; DETAIL lists all), insufficient_privilege, invalid_parameter_value (event, '
    'extra, options), lock_not_available (another transaction has sent with the same dedupe key and has been open for '
    '5 s).';

-- Drivers send json, and text: a parameter or literal without a type is text too.
CREATE OR REPLACE FUNCTION o365.send(subscription_id bigint, card json, event text DEFAULT NULL,
    extra json DEFAULT NULL, not_before timestamptz DEFAULT NULL, not_after timestamptz DEFAULT NULL,
    collapse text DEFAULT NULL, dedupe text DEFAULT NULL, urgent boolean DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_sent record := o365_internal.send_card(subscription_id, card::jsonb, event, extra::jsonb, not_before, not_after,
                                             collapse, dedupe, urgent);
BEGIN
    IF v_sent.card_id IS NULL THEN
        PERFORM o365_internal.refuse_card(subscription_id, v_sent.problems);
    END IF;
    RETURN v_sent.card_id;
END $$;
COMMENT ON FUNCTION o365.send(bigint, json, text, json, timestamptz, timestamptz, text, text, boolean) IS
    'o365.send for a card of type json. Errors: check_violation, insufficient_privilege, '
    'invalid_parameter_value (event, extra, options), lock_not_available (dedupe).';

CREATE OR REPLACE FUNCTION o365.send(subscription_id bigint, card text, event text DEFAULT NULL,
    extra text DEFAULT NULL, not_before timestamptz DEFAULT NULL, not_after timestamptz DEFAULT NULL,
    collapse text DEFAULT NULL, dedupe text DEFAULT NULL, urgent boolean DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_sent record := o365_internal.send_card(subscription_id, card::jsonb, event, extra::jsonb, not_before, not_after,
                                             collapse, dedupe, urgent);
BEGIN
    IF v_sent.card_id IS NULL THEN
        PERFORM o365_internal.refuse_card(subscription_id, v_sent.problems);
    END IF;
    RETURN v_sent.card_id;
END $$;
COMMENT ON FUNCTION o365.send(bigint, text, text, text, timestamptz, timestamptz, text, text, boolean) IS
    'o365.send for a card that is a JSON text. Errors: check_violation, insufficient_privilege, '
    'invalid_parameter_value (event, extra, options), lock_not_available (dedupe), and what PostgreSQL says of a text '
    'that is no JSON.';
