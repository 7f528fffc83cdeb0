CREATE OR REPLACE FUNCTION o365_internal.with_size_after(card jsonb, dialect text, root text, size integer,
    card_size_limit integer, problems jsonb)
RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_shaped jsonb := o365_internal.put_right(card, root, dialect);
    v_codes text[] := o365_internal.size_codes(
        o365_internal.counted_size(v_shaped, v_shaped::text, root, dialect), size, card_size_limit);
BEGIN
    RETURN CASE WHEN v_codes IS NULL THEN problems
                ELSE o365_internal.whole_problem(substr(v_codes[1], 3), '$') || problems END;
END $$;
COMMENT ON FUNCTION o365_internal.with_size_after(jsonb, text, text, integer, integer, jsonb) IS
    'The problems of a card, and before them the one that it counts as too large once it is put right. size: bytes of '
    'the card as it was given. problems alone when it does not.';
