CREATE OR REPLACE FUNCTION o365_internal.text_codes(rule text, value text, converts boolean) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    -- Text between backticks is shown as it is, and an escaped character is not markup.
    v_bare text := CASE WHEN position('`' IN value) > 0 OR position('\' IN value) > 0
                        THEN regexp_replace(value, '`[^`]*`|\\[[:punct:]]' COLLATE "C", '', 'g') ELSE value END;
    v_codes text[];
BEGIN
    -- A search for a character costs a hundredth of a regular expression.
    IF position('<' IN v_bare) > 0 THEN
        v_codes := o365_internal.tag_codes(rule, v_bare, converts);
    END IF;
    IF position('{' IN v_bare) > 0 OR position('<%' IN v_bare) > 0 OR position('$(' IN v_bare) > 0 THEN
        v_codes := v_codes || o365_internal.template_codes(rule, v_bare);
    END IF;
    IF position('&' IN v_bare) > 0 AND rule <> 'text' AND rule <> 'adaptive_text' THEN
        v_codes := v_codes || o365_internal.reference_codes(v_bare);
    END IF;
    IF rule = 'label' THEN
        RETURN v_codes;
    END IF;
    -- A path of Windows has backslashes before names that begin with n.
    IF position('\n' IN v_bare) > 0 AND value !~ '[[:alpha:]]:\\|\\\\|\\[^nrt[:punct:]]' COLLATE "C" THEN
        v_codes := v_codes || 'typed_newline'::text;
    END IF;
    -- A line of a list, a quotation or preformatted text may follow a single break.
    IF (position(E'\n' IN v_bare) > 0 OR position(E'\r' IN v_bare) > 0)
       AND v_bare ~ E'[^\\n\\r](\\r\\n?|\\n)(?![\\n\\r]|[ \\t]*([-*+>|]|#{1,6} |[0-9]+[.)]) ?)[^\\n\\r]'
       AND value !~ '```' THEN
        v_codes := v_codes || 'newline'::text;
    END IF;
    IF rule <> 'title' AND rule <> 'plain' AND (position('](' IN v_bare) > 0 OR position('] (h' IN v_bare) > 0) THEN
        v_codes := v_codes || o365_internal.link_codes(value, v_bare);
    END IF;
    RETURN v_codes || o365_internal.markdown_codes(rule, value, v_bare, converts);
END $$;
COMMENT ON FUNCTION o365_internal.text_codes(text, text, boolean) IS
    'Rules that a text breaks, by the rule of its field (text, adaptive_text, adaptive_fact, title, plain, fact, '
    'label); null for none. converts: whether a MessageCard is converted for Workflows. Of what a far end does not '
    'render only what looks meant: a bare < is none.';
