CREATE OR REPLACE FUNCTION o365.try_send(subscription_id bigint, card jsonb, event text DEFAULT NULL,
    extra jsonb DEFAULT NULL, not_before timestamptz DEFAULT NULL, not_after timestamptz DEFAULT NULL,
    collapse text DEFAULT NULL, dedupe text DEFAULT NULL, urgent boolean DEFAULT NULL,
    OUT card_id bigint, OUT problems jsonb)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_sent record := o365_internal.send_card(subscription_id, card, event, extra, not_before, not_after,
                                             collapse, dedupe, urgent);
BEGIN
    card_id := v_sent.card_id;
    problems := v_sent.problems;
END $$;
COMMENT ON FUNCTION o365.try_send(bigint, jsonb, text, jsonb, timestamptz, timestamptz, text, text, boolean) IS
    'Like o365.send, but a card that o365.check_card refuses is not an error: card_id is null and problems lists why. '
    'problems has warnings too, even for a card that was sent; o365.card_warnings keeps them. A connection that is '
    'paused, pending, suspended, gone, retired or removed is a warning in problems, which is not kept, and so is an '
    'event that its user does not want: the card ends as cancelled. An event that the connector has not registered is '
    'a warning that is kept. extra: fields beside the card in the envelope, an object of strings, which override those '
    'of o365.set_extra; they are left out, with a warning, if the webhook takes only a card. Options are those of '
    'o365.send; a card that repeats a dedupe key is a warning, and card_id is the first one''s. A text that is not '
    'JSON, or has \u0000, raises PostgreSQL''s own error. Errors: insufficient_privilege, invalid_parameter_value '
    '(event, extra, options), lock_not_available (dedupe).';

-- Drivers send json, and text: a parameter or literal without a type is text too.
CREATE OR REPLACE FUNCTION o365.try_send(subscription_id bigint, card json, event text DEFAULT NULL,
    extra json DEFAULT NULL, not_before timestamptz DEFAULT NULL, not_after timestamptz DEFAULT NULL,
    collapse text DEFAULT NULL, dedupe text DEFAULT NULL, urgent boolean DEFAULT NULL,
    OUT card_id bigint, OUT problems jsonb)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_sent record := o365_internal.send_card(subscription_id, card::jsonb, event, extra::jsonb, not_before, not_after,
                                             collapse, dedupe, urgent);
BEGIN
    card_id := v_sent.card_id;
    problems := v_sent.problems;
END $$;
COMMENT ON FUNCTION o365.try_send(bigint, json, text, json, timestamptz, timestamptz, text, text, boolean) IS
    'o365.try_send for a card of type json. Errors: insufficient_privilege, invalid_parameter_value (event, extra, '
    'options), lock_not_available (dedupe).';

CREATE OR REPLACE FUNCTION o365.try_send(subscription_id bigint, card text, event text DEFAULT NULL,
    extra text DEFAULT NULL, not_before timestamptz DEFAULT NULL, not_after timestamptz DEFAULT NULL,
    collapse text DEFAULT NULL, dedupe text DEFAULT NULL, urgent boolean DEFAULT NULL,
    OUT card_id bigint, OUT problems jsonb)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_sent record := o365_internal.send_card(subscription_id, card::jsonb, event, extra::jsonb, not_before, not_after,
                                             collapse, dedupe, urgent);
BEGIN
    card_id := v_sent.card_id;
    problems := v_sent.problems;
END $$;
COMMENT ON FUNCTION o365.try_send(bigint, text, text, text, timestamptz, timestamptz, text, text, boolean) IS
    'o365.try_send for a card that is a JSON text. Errors: insufficient_privilege, invalid_parameter_value (event, '
    'extra, options), lock_not_available (dedupe), and what PostgreSQL says of a text that is no JSON.';
