CREATE OR REPLACE FUNCTION o365_internal.simple_card_codes(card jsonb) RETURNS text[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_codes text[] := '{}';
BEGIN
    IF coalesce(jsonb_typeof(card->'version'), 'null') = 'null' THEN
        v_codes := v_codes || '$.version:version:none'::text;
    END IF;
    IF o365_internal.is_blank_for_connector(card->>'fallbackText')
       AND NOT jsonb_path_exists(card, '$.body[*] ? (@.type == "TextBlock").text ? (@ like_regex "[^ \\t\\r\\n]")') THEN
        v_codes := v_codes || '$.body:no_text_block'::text;
    ELSIF o365_internal.begins_unseen(card) AND o365_internal.is_seen(card->>'fallbackText') IS NOT TRUE
          AND NOT o365_internal.shows_something(card->'body')
          AND NOT jsonb_path_exists(card, '$.actions[*] ? (@ != null)') THEN
        v_codes := v_codes || '$.body:no_content'::text;
    END IF;
    -- No element makes two.
    IF jsonb_path_exists(card, '$.body.size() ? (@ > 10)') AND o365_internal.section_count(card->'body') > 10 THEN
        v_codes := v_codes
            || ('$.body:lost_for_connector:more than 10 sections:A text after facts or pictures begins a '
                               'section, as do facts after pictures and a sixth picture. Put them together.')::text;
    END IF;
    RETURN v_codes;
END $$;
COMMENT ON FUNCTION o365_internal.simple_card_codes(jsonb) IS
    'Rules that an Adaptive Card for a connector breaks as a whole, each after its path; {} for none.';
