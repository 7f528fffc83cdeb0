CREATE OR REPLACE FUNCTION o365_internal.other_type_codes(object_kind text, key text, value jsonb, field jsonb)
RETURNS text[]
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    v_jtype text := jsonb_typeof(value);
    v_type text := field->>0;
    v_rule text := field->>4;
    v_text text := value #>> '{}';
    v_codes text[];
BEGIN
    v_codes := CASE
        WHEN v_type = 'string' AND v_jtype IN ('number', 'boolean')
            THEN ARRAY['as_text:' || left(o365_internal.text_meant(v_rule, v_text), 60)]
        WHEN v_type = 'boolean' AND o365_internal.as_boolean(value) IS NOT NULL
            THEN ARRAY['as_boolean:' || CASE WHEN o365_internal.as_boolean(value) THEN 'true' ELSE 'false' END]
        WHEN v_type = 'number' AND v_jtype = 'string' AND v_text ~ '^-?(0|[1-9][0-9]{0,8})(\.[0-9]{1,6})?$'
            THEN ARRAY['as_number:' || v_text] END;
    IF v_codes IS NULL THEN
        RETURN '{wrong_type}';
    ELSIF v_type = 'string' AND left(v_rule, 1) = '|' AND o365_internal.known_word(v_rule, v_text) IS NULL THEN
        RETURN ARRAY[o365_internal.word_code(object_kind, key) || left(v_text, 60)];
    ELSIF v_rule = 'version' AND o365_internal.text_meant(v_rule, v_text) !~ '^1\.[0-5]$' THEN
        RETURN ARRAY['version:' || left(v_text, 20)];
    END IF;
    RETURN v_codes;
END $$;
COMMENT ON FUNCTION o365_internal.other_type_codes(text, text, jsonb, jsonb) IS
    'Rules that a field breaks by a value of another type than is documented: as_text, as_boolean or as_number where '
    'a far end reads it as what is documented, else what is wrong. field: as for field_codes.';
