CREATE OR REPLACE FUNCTION o365_internal.card_root(card jsonb, dialect text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    -- A webhook recognises an envelope by its attachments only; those of Slack have neither of the two fields.
    RETURN CASE WHEN card ? 'attachments'
        AND (lower((card->>'type') COLLATE "C") = 'message'
        OR jsonb_path_exists(card, '$.attachments[*] ? (exists(@.contentType) || exists(@.content))')) THEN 'a.message'
                WHEN lower((card->>'type') COLLATE "C") = 'adaptivecard' THEN CASE WHEN dialect = 'connector'
                    THEN 's.card' ELSE 'a.card' END
                ELSE 'm.card' END;
END $$;
COMMENT ON FUNCTION o365_internal.card_root(jsonb, text) IS
    'Which kind of card_kind a card is for a dialect: a.message (the envelope), a.card, s.card (an Adaptive Card that '
    'a connector''s webhook is to get), m.card for everything else.';
