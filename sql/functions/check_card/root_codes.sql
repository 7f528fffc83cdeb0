CREATE OR REPLACE FUNCTION o365_internal.root_codes(card jsonb, root text, dialect text, json_text text)
RETURNS text[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_codes text[] := '{}';
BEGIN
    IF root = 's.card' THEN
        RETURN o365_internal.simple_card_codes(card);
    ELSIF root = 'a.card' THEN
        -- Usually this need not be called.
        RETURN CASE WHEN card->>'version' IS NULL OR o365_internal.begins_unseen(card)
                         OR o365_internal.has_mentions(json_text) OR position('"id"' IN json_text) > 0
                    THEN o365_internal.content_codes(card, '$', json_text) ELSE v_codes END;
    ELSIF dialect = 'connector' THEN
        RETURN '{"$.attachments:lost_for_connector:an envelope:Send the card itself, what stands under content."}';
    END IF;
    FOR v_i IN 0 .. least(jsonb_array_length(jsonb_path_query_array(card, '$.attachments[*]')), 100) - 1 LOOP
        IF lower((card #>> ARRAY['attachments', v_i::text, 'content', 'type']) COLLATE "C") = 'adaptivecard' THEN
            v_codes := v_codes || o365_internal.content_codes(card #> ARRAY['attachments', v_i::text, 'content'],
                                                              '$.attachments[' || v_i || '].content', json_text);
        END IF;
    END LOOP;
    RETURN v_codes;
END $$;
COMMENT ON FUNCTION o365_internal.root_codes(jsonb, text, text, text) IS
    'Rules that an Adaptive Card or an envelope breaks as a whole (root: its card_root), each after its path; {} for '
    'none. json_text: the card''s text.';
