CREATE OR REPLACE FUNCTION o365_internal.known_word(words text, value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN (SELECT w FROM unnest(string_to_array(btrim(words, '|'), '|')) AS w
        WHERE lower(w COLLATE "C") = lower(value COLLATE "C") LIMIT 1);
END $$;
COMMENT ON FUNCTION o365_internal.known_word(text, text) IS
    'The word between the bars of a card_field''s rule that value is in any case; null for none.';
