CREATE OR REPLACE FUNCTION o365_internal.template_codes(rule text, bare text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    v_found text;
BEGIN
    -- Placeholders that were not filled in: ${name}, #{name}, {{name}}, {% tag %}, <% tag %>, $(name). Adaptive Cards
    -- have {{DATE(...)}} themselves.
    v_found := substring(CASE WHEN rule IN ('adaptive_text', 'adaptive_fact')
                              THEN regexp_replace(bare, '\{\{(DATE|TIME)\([^{}]*\)\}\}', '', 'g') ELSE bare END
        FROM '[$#]\{[[:alpha:]_][^{}\n]*\}|\{\{[^{}\n]+\}\}|\{%[^{}\n]+%\}' COLLATE "C"
             || '|<%[^<>\n]+%>|\$\([[:alpha:]_][[:alnum:]_.]*\)' COLLATE "C");
    RETURN CASE WHEN v_found IS NOT NULL THEN ARRAY['template:' || left(v_found, 60)] END;
END $$;
COMMENT ON FUNCTION o365_internal.template_codes(text, text) IS
    'The rule that a text breaks by a place of a template that nobody filled in; null for none. bare: as for '
    'tag_codes.';
