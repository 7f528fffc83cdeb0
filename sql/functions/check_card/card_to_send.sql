CREATE OR REPLACE FUNCTION o365_internal.card_to_send(card jsonb, dialect text, problems jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_card jsonb := card;
    v_shape record;
BEGIN
    -- Of many problems not all are listed.
    IF problems = '[]' OR NOT jsonb_path_exists(problems, '$[*].corrected') AND jsonb_array_length(problems) < 100 THEN
        RETURN card;
    END IF;
    LOOP
        v_shape := o365_internal.reshaped(v_card);
        EXIT WHEN v_shape.code IS NULL;
        v_card := v_shape.shaped;
    END LOOP;
    RETURN o365_internal.put_right(v_card, o365_internal.card_root(v_card, dialect), dialect);
END $$;
COMMENT ON FUNCTION o365_internal.card_to_send(jsonb, text, jsonb) IS
    'The form in which a card that a webhook of the dialect takes leaves: what problems, those of card_problems, has '
    'as corrected is put right.';
