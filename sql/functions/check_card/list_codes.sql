CREATE OR REPLACE FUNCTION o365_internal.list_codes(object_kind text, key text, value jsonb, field jsonb,
    converts boolean)
RETURNS text[]
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    v_rule text := field->>4;
    v_size integer := jsonb_array_length(value);
BEGIN
    RETURN CASE
        WHEN v_size > (field->>3)::integer AND (v_rule IS DISTINCT FROM 'surplus' OR NOT converts)
            THEN ARRAY[CASE WHEN v_rule = 'surplus' THEN 'surplus:' ELSE 'too_many:' END || v_size || ':'
                || (field->>3)]
        WHEN v_rule IN ('filled', 'links') AND v_size = 0
            THEN CASE object_kind WHEN 'a.message' THEN '{no_attachment}'::text[] ELSE '{empty}' END
        WHEN field->2 = 'true' AND object_kind ~ '^.\.element:' AND v_size = 0
            THEN ARRAY['empty_element:' || split_part(object_kind, ':', 2)]
        WHEN object_kind = 'm.action:OpenUri' AND key = 'targets'
             AND NOT jsonb_path_exists(value, '$[*].os ? (@ like_regex "^default$" flag "i")')
            THEN '{no_default}' END;
END $$;
COMMENT ON FUNCTION o365_internal.list_codes(text, text, jsonb, jsonb, boolean) IS
    'Rules that a list breaks as a whole; null for none. field, converts: as for field_codes.';
