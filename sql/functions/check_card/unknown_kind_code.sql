CREATE OR REPLACE FUNCTION o365_internal.unknown_kind_code(kind text, value jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    v_type text := split_part(kind, ':', 2);
    v_json_type text := jsonb_typeof(value->CASE WHEN left(kind, 1) = 'm' THEN '@type' ELSE 'type' END);
    v_code text;
BEGIN
    -- A far end reads only numbers and booleans as a text.
    IF v_json_type IN ('array', 'object') THEN
        v_type := '';
    END IF;
    IF v_type <> '' AND o365_internal.is_shown_element(v_type) THEN
        RETURN NULL;
    END IF;
    v_code := CASE WHEN left(kind, 2) = 's.' THEN 'lost_for_connector:'
                   WHEN lower(kind COLLATE "C") LIKE 'a.element:action.%' THEN 'misplaced_action:'
                   WHEN kind LIKE 'a.element:%' AND v_type = '' AND value ? 'actions' THEN 'action_in_body:'
                   WHEN kind LIKE 'a.element:%' AND v_type <> '' THEN 'unknown_element:'
                   WHEN kind LIKE 'a.action:%' AND v_type <> '' THEN 'unknown_action:'
                   ELSE 'unknown_type:' END;
    RETURN v_code || CASE WHEN v_type <> '' THEN v_type
                          WHEN v_json_type IN ('array', 'object') THEN 'its type is an ' || v_json_type
                          ELSE 'it has no type' END;
END $$;
COMMENT ON FUNCTION o365_internal.unknown_kind_code(text, jsonb) IS
    'The rule that is broken by an object of a kind that card_kind does not have; null for an element that Teams shows '
    'all the same. A type that is an array or an object is no type.';
