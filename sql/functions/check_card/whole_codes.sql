CREATE OR REPLACE FUNCTION o365_internal.whole_codes(walk o365_internal.card_walk, place o365_internal.card_place,
    object o365_internal.card_kind, value jsonb)
RETURNS text[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_kind text := place.kind;
    v_type text := coalesce(value->>'@type', value->>'type');
    v_codes text[];
BEGIN
    IF jsonb_typeof(value) <> 'object' THEN
        RETURN '{not_an_object}';
    ELSIF place.depth >= 40 THEN
        RETURN '{too_deep}';
    ELSIF object.kind IS NULL THEN
        RETURN nullif(array_remove(ARRAY[o365_internal.unknown_kind_code(v_kind, value)], NULL), '{}');
    ELSIF v_kind LIKE '_.fact' AND NOT o365_internal.fact_has_parts(v_kind, value) THEN
        RETURN '{empty_fact}';
    END IF;
    IF NOT value ?& object.required THEN
        v_codes := o365_internal.missing_codes(
            v_kind, ARRAY(SELECT r FROM unnest(object.required) AS r WHERE NOT value ? r));
    END IF;
    IF v_kind LIKE '_.%:%' AND v_type <> split_part(v_kind, ':', 2)
       AND lower(v_type COLLATE "C") = lower(split_part(v_kind, ':', 2) COLLATE "C") THEN
        v_codes := v_codes || format('type_case:"%stype": "%s"', CASE WHEN value ? '@type' THEN '@' END,
                                     split_part(v_kind, ':', 2));
    ELSIF v_kind = 'a.element:TextBlock' AND length(value->>'text') > 100
          AND o365_internal.as_boolean(value->'wrap') IS NOT true AND value->>'maxLines' IS DISTINCT FROM '1' THEN
        v_codes := v_codes || ('no_wrap:' || length(value->>'text'));
    ELSIF v_kind IN ('a.attachment', 'a.message') THEN
        v_codes := o365_internal.envelope_codes(v_kind, value, v_codes);
    ELSIF v_kind = 'm.action:ViewAction' AND NOT walk.converts THEN
        v_codes := v_codes || CASE WHEN jsonb_typeof(value->'target') = 'array'
                                        AND jsonb_typeof(value #> '{target,0}') IN ('string', 'number', 'boolean')
                                   THEN 'view_action' ELSE 'refused_action' END;
    END IF;
    IF object.rule IS NOT NULL THEN
        v_codes := v_codes || (object.rule || ':' || split_part(v_kind, ':', 2));
    END IF;
    IF left(v_kind, 9) = 'm.action:' OR v_kind = 'm.input:MultichoiceInput' THEN
        v_codes := v_codes || o365_internal.action_codes(walk, place, object, value);
    END IF;
    RETURN v_codes;
END $$;
COMMENT ON FUNCTION o365_internal.whole_codes(o365_internal.card_walk, o365_internal.card_place,
    o365_internal.card_kind, jsonb) IS
    'Rules that an object breaks as a whole; null for none. object: the row of its kind, null for a kind that is not '
    'known.';
