CREATE OR REPLACE FUNCTION o365_internal.is_message_card(content jsonb, content_type text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN jsonb_typeof(content) = 'object' AND lower((content->>'type') COLLATE "C") IS DISTINCT FROM 'adaptivecard'
           AND (lower((content->>'@type') COLLATE "C") = 'messagecard'
               OR content_type = 'application/vnd.microsoft.teams.card.o365connector');
END $$;
COMMENT ON FUNCTION o365_internal.is_message_card(jsonb, text) IS
    'Whether what an attachment of that contentType holds is a MessageCard.';
