CREATE OR REPLACE FUNCTION o365_internal.envelope_codes(kind text, value jsonb, codes text[]) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF kind = 'a.message' THEN
        RETURN CASE WHEN value->>'type' IS DISTINCT FROM 'message'
                    THEN array_remove(codes, 'needed:type') || 'envelope_type'::text ELSE codes END;
    ELSIF value->>'contentType' IS NOT DISTINCT FROM 'application/vnd.microsoft.card.adaptive' THEN
        RETURN codes;
    ELSIF lower((value #>> '{content,type}') COLLATE "C") = 'adaptivecard' THEN
        RETURN array_remove(codes, 'missing:contentType') || 'content_type'::text;
    ELSIF value ? 'content' AND value ? 'contentType' THEN
        -- The content is of another kind, so the rules of this kind do not apply to it.
        RETURN ARRAY['attachment_type:' || coalesce(nullif(left(value->>'contentType', 60), ''), 'empty')];
    END IF;
    RETURN codes;
END $$;
COMMENT ON FUNCTION o365_internal.envelope_codes(text, jsonb, text[]) IS
    'Rules that an envelope or an attachment of one breaks as a whole, codes among them: those that it breaks by what '
    'it has not.';
