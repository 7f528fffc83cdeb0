CREATE OR REPLACE FUNCTION o365_internal.word_codes(object_kind text, key text, value text, words text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    v_known text;
BEGIN
    -- Elements, actions, columns and inlines accept words in upper and lower case.
    IF position('|' IN value) = 0
       AND position('|' || CASE WHEN left(object_kind, 3) = 'a.e' OR left(object_kind, 4) IN ('a.ac', 'a.co', 'a.in')
                                THEN lower(value COLLATE "C") ELSE value END || '|'
                    IN CASE WHEN left(object_kind, 4) IN ('a.co', 'a.in') THEN lower(words COLLATE "C") ELSE words END)
                        > 0 THEN
        RETURN NULL;
    ELSIF object_kind IN ('a.attachment', 'a.message') THEN
        RETURN NULL;  -- whole_codes looks at all of them
    END IF;
    v_known := o365_internal.known_word(words, value);
    RETURN ARRAY[CASE WHEN v_known IS NOT NULL THEN 'word_case:' || v_known
                      ELSE o365_internal.word_code(object_kind, key)
                          || coalesce(nullif(left(value, 60), ''), 'empty') END];
END $$;
COMMENT ON FUNCTION o365_internal.word_codes(text, text, text, text) IS
    'Rules that are broken by a text which has to be one of some words; null for none. words: the rule of its '
    'card_field, |word|word|.';
