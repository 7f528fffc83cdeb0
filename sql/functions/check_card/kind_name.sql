CREATE OR REPLACE FUNCTION o365_internal.kind_name(kind text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN CASE WHEN kind LIKE '%:%' THEN split_part(kind, ':', 2) WHEN kind = 'm.card' THEN 'a MessageCard'
        WHEN kind IN ('a.card', 's.card') THEN 'an Adaptive Card'
                WHEN kind = 'a.message' THEN 'the envelope' WHEN kind = 'a.tablecolumn' THEN 'a column of a table'
                WHEN split_part(kind, '.', 2) ~ '^[aeiou]' THEN 'an ' || split_part(kind, '.', 2) ELSE 'a '
                    || split_part(kind, '.', 2) END;
END $$;
COMMENT ON FUNCTION o365_internal.kind_name(text) IS 'What a kind of card_kind is called in a sentence.';
