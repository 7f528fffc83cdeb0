CREATE OR REPLACE FUNCTION o365_internal.extra_problems(card jsonb, dialect text, payload text, extra jsonb,
    of_subscription jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_limit integer := o365_internal.integer_setting('card_size_limit');
    v_extra text;
    v_size integer;
    v_counted integer;
    v_root text;
BEGIN
    IF dialect <> 'workflow' OR payload = 'card' THEN
        RETURN CASE WHEN extra IS NULL OR extra = '{}' THEN '[]' ELSE jsonb_build_array(jsonb_build_object(
            'severity', 'warning', 'path', '$', 'problem', 'the extra fields are left out: ' || CASE dialect
                WHEN 'workflow' THEN 'the workflow of this connection takes the bare card'
                ELSE 'a connector webhook takes a card alone' END,
            'hint', 'They stand beside the card in the envelope that a workflow takes. Leave extra out here.')) END;
    END IF;
    v_extra := (coalesce(of_subscription, '{}') || coalesce(extra, '{}'))::text;
    v_size := octet_length(card::text) + octet_length(v_extra);
    IF v_extra <> '{}' AND v_size * 2 + 200 > v_limit THEN
        v_root := o365_internal.card_root(card, dialect);
        -- As counted_size counts: quotation marks and backslashes twice.
        v_counted := o365_internal.counted_size(card, card::text, v_root, dialect) + octet_length(v_extra)
                     + length(v_extra) - length(translate(v_extra, '"\', ''));
        IF v_size > v_limit OR v_counted > o365_internal.counted_limit(v_limit) THEN
            RETURN jsonb_build_array(jsonb_build_object('severity', 'error', 'path', '$',
                'problem', format('the card and its extra fields together have %s bytes, more than the far end takes',
                                  v_size),
                'hint', 'Shorten the card: select * from o365.check_card(...) says how much it may have.'));
        END IF;
    END IF;
    RETURN '[]';
END $$;
COMMENT ON FUNCTION o365_internal.extra_problems(jsonb, text, text, jsonb, jsonb) IS
    'What is wrong with a card, as it is to leave, and the fields beside it, a list like that of card_problems: a '
    'warning where extra, the card''s own, is left out; an error where card and fields are too large together. '
    'of_subscription: the fields that each card of the connection has. [] for nothing.';
