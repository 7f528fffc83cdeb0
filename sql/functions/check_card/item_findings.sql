CREATE OR REPLACE FUNCTION o365_internal.item_findings(walk o365_internal.card_walk,
    field_place o365_internal.card_place, field jsonb,
    value jsonb, is_right boolean, before integer)
RETURNS o365_internal.card_finding[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_found o365_internal.card_finding[] := '{}';
    v_vars jsonb := CASE WHEN walk.converts THEN '{"converts": true}' ELSE '{"converts": false}' END;
    v_is_list boolean := field->>0 = 'array';
    v_items jsonb := CASE WHEN field->>0 = 'array' THEN value ELSE jsonb_build_array(value) END;
    -- What its pattern calls right need not be walked. It says nothing of depth.
    v_trusts boolean := walk.trusts AND field_place.depth < 30;
    v_child text := field->>1;
    v_item jsonb;
    v_kind text;
    v_known text;
    v_of record;
    v_doubts jsonb;
BEGIN
    FOR v_n IN 0 .. jsonb_array_length(v_items) - 1 LOOP
        v_item := v_items->v_n;
        CONTINUE WHEN jsonb_typeof(v_item) = 'string' AND field->>4 = 'strings';
        -- As kind_in, which a call would make dear.
        v_kind := CASE WHEN right(v_child, 1) <> ':' THEN v_child ELSE v_child || coalesce(left(
            CASE WHEN left(v_child, 1) = 'm' THEN v_item->>'@type' ELSE v_item->>'type' END, 60), '') END;
        -- The most frequent elements, by constants: without reading a row.
        CONTINUE WHEN v_trusts AND jsonb_typeof(v_item) = 'object'
            AND v_kind IN ('a.element:TextBlock', 'a.element:FactSet')
            AND CASE WHEN is_right THEN true
                     WHEN v_kind = 'a.element:TextBlock'
                         THEN jsonb_path_exists(v_item, o365_internal.card_pattern('a.element:TextBlock'), v_vars)
                     ELSE jsonb_path_exists(v_item, o365_internal.card_pattern('a.element:FactSet'), v_vars) END;
        IF v_known IS DISTINCT FROM v_kind THEN
            v_known := v_kind;
            SELECT k AS object, p.doubts, p.covers INTO v_of
              FROM o365_internal.card_kind AS k
              LEFT JOIN o365_internal.card_pattern AS p
                     ON p.kind = k.kind AND v_trusts
                         AND (walk.trusts_actions OR p.kind !~ '^m\.(section|action:|input:)')
             WHERE k.kind = v_kind;
            IF NOT FOUND AND right(v_child, 1) = ':' THEN
                SELECT k AS object, p.doubts, p.covers INTO v_of
                  FROM o365_internal.card_kind AS k LEFT JOIN o365_internal.card_pattern AS p ON false
                 WHERE lower(k.kind COLLATE "C") = lower(v_kind COLLATE "C");
            END IF;
        END IF;
        v_doubts := CASE WHEN jsonb_typeof(v_item) <> 'object' THEN NULL
                         -- A section's pattern is long: as a constant it is read once a session.
                         WHEN v_kind = 'm.section' AND v_of.covers
                             THEN jsonb_path_query_array(v_item, o365_internal.card_doubts('m.section'), v_vars)
                         ELSE jsonb_path_query_array(v_item, v_of.doubts, v_vars) END;
        -- Right by its pattern, of which the doubts are the part that takes time.
        CONTINUE WHEN v_of.covers AND v_doubts = '[]' AND v_item ?& (v_of.object).required
            AND NOT ((v_of.object).lost AND walk.converts);
        v_found := v_found || o365_internal.object_findings(
            walk, ROW(coalesce((v_of.object).kind, v_kind), field_place.key,
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
