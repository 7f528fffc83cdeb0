CREATE OR REPLACE FUNCTION o365_internal.put_field_right(kind text, key text, value jsonb, field jsonb, dialect text)
RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_type text := field->>0;
    v_child text := field->>1;
    v_rule text := field->>4;
    v_jtype text := jsonb_typeof(value);
    v_text text := value #>> '{}';
BEGIN
    RETURN CASE
        WHEN key = '@type' AND kind LIKE 'm.%:%' OR key = 'type' AND kind ~ '^[as]\..*:' THEN
            CASE WHEN lower(v_text COLLATE "C") = lower(split_part(kind, ':', 2) COLLATE "C")
                 THEN to_jsonb(split_part(kind, ':', 2))
                 -- A field for a single kind, such as the images of an ImageSet, accepts an object of any type.
                 WHEN v_jtype IN ('number', 'boolean') THEN to_jsonb(v_text) ELSE value END
        WHEN field IS NULL OR v_jtype = 'null' THEN value
        WHEN v_type = 'string' AND v_jtype IN ('string', 'number', 'boolean') THEN to_jsonb(CASE
            WHEN left(v_rule, 1) = '|' AND kind !~ '^a\.(el|ac|co|in)'
                THEN coalesce(o365_internal.known_word(v_rule, v_text), v_text)
            WHEN v_rule = 'version' OR v_rule = 'width' AND v_jtype = 'number'
                THEN o365_internal.text_meant(v_rule, v_text)
            WHEN v_rule = 'color' AND v_text ~ '^#[0-9a-fA-F]{6}$' THEN substr(v_text, 2)
            ELSE v_text END)
        WHEN v_type = 'boolean' THEN coalesce(to_jsonb(o365_internal.as_boolean(value)), value)
        WHEN v_type = 'number' AND v_text ~ '^-?(0|[1-9][0-9]{0,8})(\.[0-9]{1,6})?$' THEN v_text::jsonb
        WHEN v_rule = 'links' AND v_jtype = 'array' THEN (
            SELECT coalesce(jsonb_agg(CASE WHEN jsonb_typeof(i.item) IN ('number', 'boolean')
                THEN to_jsonb(i.item #>> '{}')
                                           ELSE i.item END ORDER BY i.n), '[]')
              FROM jsonb_array_elements(value) WITH ORDINALITY AS i (item, n))
        WHEN v_child IS NOT NULL AND v_jtype = 'array' THEN (
            SELECT coalesce(jsonb_agg(r.item ORDER BY r.n), '[]')
              FROM (SELECT i.n, CASE WHEN jsonb_typeof(i.item) = 'object'
                                     THEN o365_internal.put_right(i.item, o365_internal.kind_in(v_child, i.item),
                                         dialect)
                                     ELSE i.item END AS item
                      FROM jsonb_array_elements(value) WITH ORDINALITY AS i (item, n)) AS r
             WHERE r.item IS NOT NULL)
        WHEN v_child IS NOT NULL AND v_jtype = 'object'
            THEN o365_internal.put_right(value, o365_internal.kind_in(v_child, value), dialect)
        ELSE value END;
END $$;
COMMENT ON FUNCTION o365_internal.put_field_right(text, text, jsonb, jsonb, text) IS
    'The value of a field of an object of that kind, put right; null for an object of which nothing is left. field: '
    'as for field_codes.';
