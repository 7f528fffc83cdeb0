CREATE OR REPLACE FUNCTION o365_internal.input_codes(kind text, value jsonb) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE AS $$
#variable_conflict use_variable
DECLARE
    v_ids text[];
    v_named text;
BEGIN
    IF kind = 'm.input:MultichoiceInput' THEN
        IF jsonb_typeof(value->'value') = 'string' AND jsonb_typeof(value->'choices') = 'array'
            AND value->>'isMultiSelect' IS DISTINCT FROM 'true'
           AND value->>'value' <> '' AND NOT EXISTS (SELECT FROM jsonb_array_elements(value->'choices') AS c (choice)
               WHERE c.choice->>'value' = input_codes.value->>'value') THEN
            RETURN '{value_not_a_choice}';
        END IF;
        RETURN NULL;
    END IF;
    IF jsonb_typeof(value->'inputs') = 'array' THEN
        v_ids := ARRAY(SELECT i->>'id' FROM jsonb_array_elements(value->'inputs') AS i
            WHERE jsonb_typeof(i->'id') = 'string');
        IF (SELECT count(DISTINCT u) FROM unnest(v_ids) AS u) < cardinality(v_ids) THEN
            RETURN '{same_id}';
        END IF;
    END IF;
    IF jsonb_typeof(value->'actions') = 'array' THEN
        SELECT m[1] INTO v_named FROM jsonb_array_elements(value->'actions') AS a,
            regexp_matches(a->>'body', '\{\{([A-Za-z0-9_.-]+)\.value\}\}', 'g') AS m
         WHERE m[1] <> ALL (coalesce(v_ids, '{}')) LIMIT 1;
        IF v_named IS NOT NULL THEN
            RETURN ARRAY['no_such_input:' || left(v_named, 60)];
        END IF;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION o365_internal.input_codes(text, jsonb) IS
    'Rules that an ActionCard or a MultichoiceInput breaks as a whole; null for none.';
