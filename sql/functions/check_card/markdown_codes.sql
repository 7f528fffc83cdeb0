CREATE OR REPLACE FUNCTION o365_internal.markdown_codes(rule text, value text, bare text, converts boolean)
RETURNS text[]
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    v_codes text[];
BEGIN
    IF rule = 'title' THEN
        RETURN CASE WHEN bare ~ '\]\(' THEN '{link_in_title}'::text[] END;
    ELSIF rule = 'plain' OR rule = 'fact' THEN
        RETURN CASE WHEN bare ~ '(\*\*|__|~~)\S.*\1|^#{1,6} ' COLLATE "C" OR rule = 'plain'
            AND bare ~ '\[[^]]+\]\([^)]+\)'
                    THEN '{markdown_here}'::text[] END;
    ELSIF rule = 'adaptive_fact' THEN
        RETURN NULL;
    END IF;
    v_codes := CASE
        WHEN position('|' IN bare) > 0 AND bare ~ '\|[ ]*:?-{2,}' THEN ARRAY['markdown:a table']
        WHEN position('] ' IN bare) > 0 AND bare ~ '(^|\n)[ ]*[-*+] \[[ xX]\] ' THEN ARRAY['markdown:a task list']
        WHEN position('[^' IN bare) > 0 AND bare ~ '\[\^[^]]+\]' THEN ARRAY['markdown:a footnote']
        WHEN rule = 'adaptive_text' AND position('# ' IN bare) > 0 AND bare ~ '(^|[\n\r])#{1,6} '
            THEN ARRAY['adaptive_markdown:a heading']
        WHEN rule = 'adaptive_text' AND position('![' IN bare) > 0 AND bare ~ '!\[[^]]*\]\('
            THEN ARRAY['adaptive_markdown:a picture'] END;
    IF rule = 'adaptive_text' OR converts THEN
        v_codes := v_codes || CASE
            WHEN position('~~' IN bare) > 0 AND bare ~ '~~\S[^~]*~~' COLLATE "C"
                THEN ARRAY['adaptive_markdown:~~strike-through~~']
            WHEN position('`' IN value) > 0
                 AND value ~ (CASE WHEN converts THEN '(^|[^`\\])`[^`]+`($|[^`])' ELSE '(^|[^\\])`[^`]+`' END)
                THEN ARRAY['adaptive_markdown:code between backticks']
            WHEN position('>' IN bare) > 0 AND bare ~ '(^|[\n\r])[ ]{0,3}> '
                THEN ARRAY['adaptive_markdown:a quotation'] END;
    END IF;
    RETURN v_codes;
END $$;
COMMENT ON FUNCTION o365_internal.markdown_codes(text, text, text, boolean) IS
    'Rules that a text breaks by Markdown that is not rendered where it stands; null for none. bare: as for '
    'tag_codes. rule, converts: as for text_codes.';
