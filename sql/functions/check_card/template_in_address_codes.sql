CREATE OR REPLACE FUNCTION o365_internal.template_in_address_codes(value text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    v_found text := substring(value FROM
        '[$#]\{[^{}]*\}|\{\{[^{}]*\}\}|\{%[^{}]*%\}|<%[^<>]*%>|\$\([[:alpha:]_][[:alnum:]_.]*\)' COLLATE "C");
BEGIN
    RETURN CASE WHEN v_found IS NOT NULL THEN ARRAY['template:' || left(v_found, 60)] END;
END $$;
COMMENT ON FUNCTION o365_internal.template_in_address_codes(text) IS
    'The rule that an address breaks by a place of a template that nobody filled in; null for none.';
