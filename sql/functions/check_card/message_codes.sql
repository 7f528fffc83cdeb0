CREATE OR REPLACE FUNCTION o365_internal.message_codes(card jsonb) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    v_codes text[] := '{}';
BEGIN
    -- Usually there is a letter, and the other characters need not be checked.
    IF coalesce(card->>'text', '') !~ '[!-~]' AND coalesce(card->>'summary', '') !~ '[!-~]' THEN
        v_codes := o365_internal.message_text_codes(card);
    END IF;
    -- A text alone is what Microsoft's own documentation posts.
    IF NOT card ?| '{@type,@context,title,sections,potentialAction,themeColor}' THEN
        RETURN v_codes;
    END IF;
    IF coalesce(jsonb_typeof(card->'@type'), 'null') = 'null' THEN
        v_codes := v_codes || '$."@type":no_type'::text;
    END IF;
    IF coalesce(jsonb_typeof(card->'@context'), 'null') = 'null' THEN
        v_codes := v_codes || '$."@context":no_context'::text;
    END IF;
    IF card ? 'text' AND NOT card ? 'title' AND o365_internal.is_blank_for_connector(card->>'summary') THEN
        v_codes := v_codes || '$.summary:no_summary'::text;
    END IF;
    -- Usually it is an action of the card itself, and searching the whole card costs more.
    IF jsonb_typeof(card->'potentialAction') = 'array' AND jsonb_array_length(card->'potentialAction') > 0
       AND NOT jsonb_path_exists(card, '$.potentialAction[*]."@type" ? (@ == "OpenUri")')
       AND NOT jsonb_path_exists(card, '$.**."@type" ? (@ like_regex "^(OpenUri|ViewAction)$" flag "i")') THEN
        v_codes := v_codes || '$.potentialAction:no_open_uri'::text;
    END IF;
    RETURN v_codes;
END $$;
COMMENT ON FUNCTION o365_internal.message_codes(jsonb) IS
    'Rules that a MessageCard breaks as a whole, each after its path; {} for none.';
