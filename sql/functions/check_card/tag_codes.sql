CREATE OR REPLACE FUNCTION o365_internal.tag_codes(rule text, bare text, converts boolean) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    -- In a converted MessageCard only these remain tags: the others become Markdown.
    v_never text :=
        'table|tbody|thead|td|th|tr|blockquote|script|style|iframe|svg|video|audio|form|input|button|dl|dt|dd'
                    '|details|summary|section|article';
    v_converted text :=
        'a|b|i|u|p|br|em|h[1-6]|hr|li|ol|ul|div|pre|code|font|img|span|strong|strike|sub|sup|center|s|del|ins'
                        '|mark|small|big';
    v_codes text[];
BEGIN
    IF bare ~* '<at(\s[^<>]*)?>[^<]*</at>' COLLATE "C" AND rule NOT IN ('adaptive_text', 'adaptive_fact') THEN
        v_codes := v_codes || 'at_in_message'::text;
    END IF;
    IF rule <> 'label' AND bare ~* ('</?(' || v_never || CASE WHEN converts THEN '' ELSE '|' || v_converted END
                                    || ')(\s[^<>]*)?/?>|<!--') COLLATE "C" THEN
        v_codes := v_codes || 'html'::text;
    END IF;
    RETURN v_codes;
END $$;
COMMENT ON FUNCTION o365_internal.tag_codes(text, text, boolean) IS
    'Rules that a text breaks by tags; null for none. bare: the text without what stands between backticks and '
    'without escaped characters. rule, converts: as for text_codes.';
