CREATE OR REPLACE FUNCTION o365_internal.card_name(card jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN left(coalesce(nullif(o365_internal.without_escapes(card->>'title'), ''), nullif(btrim(card->>'summary'), ''),
                         o365_internal.without_escapes(card->>'text')), 300);
END $$;
COMMENT ON FUNCTION o365_internal.card_name(jsonb) IS
    'What a page calls a MessageCard: title, summary or text, at most 300 characters, as the far end shows them: '
    'without what o365.markdown_escape adds.';
