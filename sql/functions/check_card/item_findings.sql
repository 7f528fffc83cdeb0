CREATE OR REPLACE FUNCTION o365_internal.item_findings(walk o365_internal.card_walk,
    field_place o365_internal.card_place, field jsonb, value jsonb, is_right boolean, before integer)
RETURNS o365_internal.card_finding[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_found o365_internal.card_finding[] := '{}';
    v_vars jsonb := CASE WHEN walk.converts THEN '{"converts": true}' ELSE '{"converts": false}' END;
    v_is_list boolean := field->>0 = 'array';
    v_items jsonb := CASE WHEN field->>0 = 'array' THEN value ELSE jsonb_build_array(value) END;
    -- An item that its pattern calls valid need not be walked. The pattern does not check the depth.
    v_trusts boolean := walk.trusts AND field_place.depth < 30;
    v_takes_strings boolean := field->>4 = 'strings';
    -- If the kind ends with a colon, the type of each object follows, as in kind_in, whose call would cost more.
    v_child text := field->>1;
    v_is_family boolean := right(v_child, 1) = ':';
    v_tag text := CASE WHEN left(v_child, 1) = 'm' THEN '@type' ELSE 'type' END;
    v_item jsonb;
    v_kind text := v_child;
    v_known text;
    v_of record;
    v_doubts jsonb;
BEGIN
    FOR v_n IN 0 .. jsonb_array_length(v_items) - 1 LOOP
        v_item := v_items->v_n;
        IF v_is_family THEN
            CONTINUE WHEN v_takes_strings AND jsonb_typeof(v_item) = 'string';
            v_kind := v_child || coalesce(left(v_item->>v_tag, 60), '');
            -- The most frequent elements, by constants: without reading a row.
            CONTINUE WHEN v_trusts AND v_kind IN ('a.element:TextBlock', 'a.element:FactSet')
                AND CASE WHEN is_right THEN true
                         WHEN v_kind = 'a.element:TextBlock'
                             THEN jsonb_path_exists(v_item, o365_internal.card_pattern('a.element:TextBlock'), v_vars)
                         ELSE jsonb_path_exists(v_item, o365_internal.card_pattern('a.element:FactSet'), v_vars) END;
        ELSIF v_takes_strings THEN
            CONTINUE WHEN jsonb_typeof(v_item) = 'string';
        END IF;
        IF v_known IS DISTINCT FROM v_kind THEN
            v_known := v_kind;
            SELECT k AS object, k.kind, k.required, k.lost, p.doubts, p.covers INTO v_of
              FROM o365_internal.card_kind AS k
              LEFT JOIN o365_internal.card_pattern AS p
                     ON p.kind = k.kind AND v_trusts
                         AND (walk.trusts_actions OR p.kind !~ '^m\.(section|action:|input:)')
             WHERE k.kind = v_kind;
            IF NOT FOUND AND v_is_family THEN
                SELECT k AS object, k.kind, k.required, k.lost, p.doubts, p.covers INTO v_of
                  FROM o365_internal.card_kind AS k LEFT JOIN o365_internal.card_pattern AS p ON false
                 WHERE lower(k.kind COLLATE "C") = lower(v_kind COLLATE "C");
            END IF;
        END IF;
        v_doubts := CASE WHEN jsonb_typeof(v_item) <> 'object' THEN NULL
                         -- A section's pattern is long: as a constant it is read once a session.
                         WHEN v_kind = 'm.section' AND v_of.covers
                             THEN jsonb_path_query_array(v_item, o365_internal.card_doubts('m.section'), v_vars)
                         ELSE jsonb_path_query_array(v_item, v_of.doubts, v_vars) END;
        -- Valid by its pattern; checking the doubts is what takes time.
        CONTINUE WHEN v_of.covers AND v_doubts = '[]' AND v_item ?& v_of.required
            AND NOT (v_of.lost AND walk.converts);
        v_found := v_found || o365_internal.object_findings(
            walk, ROW(coalesce(v_of.kind, v_kind), field_place.key,
                      field_place.path || CASE WHEN v_is_list THEN '[' || v_n || ']' ELSE '' END,
                      field_place.depth + 2),
            v_of.object, v_item, v_doubts, before + cardinality(v_found));
        EXIT WHEN before + cardinality(v_found) >= 200;
    END LOOP;
    RETURN v_found;
END $$;
COMMENT ON FUNCTION o365_internal.item_findings(o365_internal.card_walk, o365_internal.card_place, jsonb, jsonb,
    boolean, integer) IS
    'What is found wrong with the objects in a field; {} for nothing. field_place: the kind and depth of the object '
    'that has the field, the field''s key and path. field: as for field_codes. value: that of the field. is_right: '
    'whether the objects are right but for what they hold. before: as for object_findings.';
