CREATE OR REPLACE FUNCTION o365_internal.field_codes(object_kind text, key text, path text, value jsonb, field jsonb,
    converts boolean,
    target_urls text[])
RETURNS text[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_jtype text := jsonb_typeof(value);
    v_type text := field->>0;
    v_rule text := field->>4;
    v_codes text[];
BEGIN
    IF v_type IS NULL THEN
        RETURN ARRAY[CASE WHEN left(object_kind, 2) = 's.' THEN 'lost_for_connector:' || left(key, 60)
                          ELSE 'unknown_field' END];
    ELSIF v_type = 'mistake' THEN
        RETURN ARRAY[coalesce(v_rule, 'mistake')];
    ELSIF v_jtype = 'null' THEN
        RETURN CASE WHEN field->2 = 'true' THEN o365_internal.missing_codes(object_kind, ARRAY[key]) END;
    ELSIF v_type <> 'any' AND v_jtype <> v_type THEN
        v_codes := o365_internal.other_type_codes(object_kind, key, value, field);
        IF v_codes[1] !~ '^as_' THEN
            RETURN v_codes;
        ELSIF v_rule IN ('image', 'link', 'target', 'uuid', 'color', 'heading') THEN
            RETURN v_codes || o365_internal.field_codes(object_kind, key, path, to_jsonb(value #>> '{}'), field,
                                                        converts, target_urls);
        END IF;
    ELSIF v_type = 'any' AND field->>1 IS NOT NULL AND v_jtype <> 'string' THEN
        RETURN CASE WHEN v_jtype <> 'object' THEN '{wrong_type}'::text[] END;
    END IF;
    IF field->5 = 'true' AND converts THEN
        IF key = 'markdown' THEN
            RETURN v_codes || CASE WHEN o365_internal.as_boolean(value) THEN NULL ELSE '{lost_html}'::text[] END;
        ELSIF value #>> '{}' <> '' THEN
            RETURN v_codes || CASE WHEN v_rule = 'color' THEN '{lost_color}'::text[] ELSE '{lost}' END;
        END IF;
    END IF;
    IF v_type = 'array' THEN
        RETURN CASE WHEN key <> 'targets'
                         AND jsonb_array_length(value) BETWEEN 1 AND coalesce((field->>3)::integer, 100000)
                    THEN NULL ELSE o365_internal.list_codes(object_kind, key, value, field, converts) END;
    ELSIF v_rule IS NULL OR v_codes IS NOT NULL THEN
        RETURN v_codes;
    ELSIF v_rule IN ('text', 'fact', 'title', 'plain', 'adaptive_text', 'adaptive_fact', 'label') THEN
        IF value = '""' AND object_kind IN ('a.element:TextBlock', 'a.fact') THEN
            RETURN ARRAY[CASE WHEN object_kind LIKE '%:%' THEN 'empty_element:TextBlock' ELSE 'fact_part:' || key END];
        END IF;
        RETURN CASE WHEN value #>> '{}' ~ E'[<*_#~|\n\r[&{$>`\\\\]|https?:'
                    THEN o365_internal.text_codes(v_rule, value #>> '{}', converts AND left(object_kind, 1) = 'm') END;
    ELSIF v_rule IN ('image', 'link', 'target') THEN
        IF v_rule = 'target' AND NOT converts THEN
            v_codes := o365_internal.own_target_codes(value #>> '{}', path);
        END IF;
        RETURN v_codes || o365_internal.address_codes(v_rule, value #>> '{}', left(object_kind, 1) <> 'm', converts,
                                                      CASE WHEN NOT converts THEN target_urls END);
    ELSIF left(v_rule, 1) = '|' THEN
        RETURN o365_internal.word_codes(object_kind, key, value #>> '{}', v_rule);
    END IF;
    RETURN o365_internal.form_codes(v_rule, key, path, value);
END $$;
COMMENT ON FUNCTION o365_internal.field_codes(text, text, text, jsonb, jsonb, boolean, text[]) IS
    'Rules that a field of an object breaks; null for none. field: its entry in the fields of card_kind, null for a '
    'field that is not there. converts: whether a conversion follows. target_urls: those of the connector, null when '
    'it is not known.';
