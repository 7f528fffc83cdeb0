CREATE OR REPLACE FUNCTION o365_internal.word_code(kind text, key text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN CASE WHEN kind IN ('a.card', 's.card') AND key = 'type' THEN 'word:' ELSE 'word_ignored:' END;
END $$;
COMMENT ON FUNCTION o365_internal.word_code(text, text) IS
    'The rule, with its colon, that a field of a kind breaks by a word that it does not know.';
