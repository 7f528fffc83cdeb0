CREATE OR REPLACE FUNCTION o365_internal.object_findings(walk o365_internal.card_walk, place o365_internal.card_place,
    object o365_internal.card_kind, value jsonb, doubts jsonb, before integer)
RETURNS o365_internal.card_finding[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_found o365_internal.card_finding[] := '{}';
    v_codes text[];
    v_pairs jsonb;
    v_key text;
    v_value jsonb;
    v_field jsonb;
    v_path text;
BEGIN
    -- Most kinds have no rules besides those of their fields.
    IF object.required IS NULL OR object.rule IS NOT NULL OR NOT value ?& object.required OR place.depth >= 40
       OR jsonb_typeof(value) <> 'object'
       OR place.kind IN ('a.element:TextBlock', 'm.fact', 'a.fact', 's.fact', 'a.attachment', 'a.message')
       OR position(':' IN place.kind) > 0
          AND (left(place.kind, 1) = 'm' OR coalesce(value->>'@type', value->>'type')
                                            IS DISTINCT FROM split_part(place.kind, ':', 2)) THEN
        v_codes := o365_internal.whole_codes(walk, place, object, value);
    END IF;
    IF v_codes IS NOT NULL THEN
        v_found := o365_internal.findings(
            v_codes, ROW(NULL, place.kind, place.key, place.path, jsonb_typeof(value), NULL, true), before);
    END IF;
    IF object.kind IS NULL OR jsonb_typeof(value) <> 'object' OR place.depth >= 40
       OR v_codes[1] ~ '^(empty_fact$|attachment_type:)' THEN
        RETURN v_found;
    END IF;
    v_pairs := coalesce(doubts, jsonb_path_query_array(value, '$.keyvalue()'));
    -- Expressions cost a hundredth of statements: while there is no problem, this loop executes no statement.
    FOR v_i IN 0 .. jsonb_array_length(v_pairs) - 1 LOOP
        v_key := v_pairs->v_i->>'key';
        v_value := v_pairs->v_i->'value';
        v_field := object.fields->v_key;
        v_path := place.path
            || CASE WHEN v_field IS NOT NULL AND left(v_key, 1) NOT IN ('@', '$')
                         OR v_key ~ '^[A-Za-z_][A-Za-z0-9_]{0,60}$'
                    THEN '.' || v_key ELSE '.' || to_json(v_key)::text END;
        v_codes := o365_internal.field_codes(place.kind, v_key, v_path, v_value, v_field, walk.converts,
            walk.target_urls);
        -- There texts are HTML, as documented.
        IF place.kind = 'm.section' AND v_codes IS NOT NULL AND NOT walk.converts
           AND o365_internal.as_boolean(value->'markdown') IS false THEN
            v_codes := nullif(array_remove(v_codes, 'html'), '{}');
        END IF;
        IF v_codes IS NOT NULL THEN
            v_found := v_found || o365_internal.findings(
                v_codes, ROW(NULL, place.kind, v_key, v_path, jsonb_typeof(v_value), v_field->>0, false),
                before + cardinality(v_found));
        END IF;
        IF v_field->>4 = 'links' AND jsonb_typeof(v_value) = 'array' THEN
            v_found := v_found || o365_internal.link_findings(
                walk, ROW(place.kind, v_key, v_path, place.depth), v_value, before + cardinality(v_found));
        ELSIF v_field->>1 IS NOT NULL
              AND jsonb_typeof(v_value) = (CASE v_field->>0 WHEN 'any' THEN 'object' ELSE v_field->>0 END) THEN
            v_found := v_found || o365_internal.item_findings(
                walk, ROW(place.kind, v_key, v_path, place.depth), v_field, v_value, v_pairs->v_i->'right' = 'true',
                before + cardinality(v_found));
        END IF;
        EXIT WHEN before + cardinality(v_found) >= 200;
    END LOOP;
    RETURN v_found;
END $$;
COMMENT ON FUNCTION o365_internal.object_findings(o365_internal.card_walk, o365_internal.card_place,
    o365_internal.card_kind, jsonb, jsonb, integer) IS
    'What is found wrong with an object, its fields and the objects in it; {} for nothing. object: the row of its '
    'kind, null for a kind that is not known. doubts: the pairs of key and value that are not known to be right; '
    'null: all; with right, the objects in the value are right but for what they hold. before: how many were found '
    'elsewhere; with 200 the walk ends.';
