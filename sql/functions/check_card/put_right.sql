CREATE OR REPLACE FUNCTION o365_internal.put_right(value jsonb, kind text, dialect text) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_variable
DECLARE
    v_object o365_internal.card_kind;
    v_result jsonb := '{}';
    v_key text;
    v_value jsonb;
BEGIN
    SELECT k.* INTO v_object FROM o365_internal.card_kind AS k WHERE k.kind = put_right.kind;
    IF v_object.kind IS NULL AND right(kind, 1) <> ':' THEN
        SELECT k.* INTO v_object FROM o365_internal.card_kind AS k
         WHERE lower(k.kind COLLATE "C") = lower(put_right.kind COLLATE "C");
    END IF;
    IF v_object.kind IS NULL OR jsonb_typeof(value) <> 'object' THEN
        RETURN value;
    END IF;
    FOR v_key, v_value IN SELECT e.key, e.value FROM jsonb_each(value) AS e LOOP
        v_value := o365_internal.put_field_right(v_object.kind, v_key, v_value, v_object.fields->v_key, dialect);
        -- A picture without an address, and an object that has become empty.
        CONTINUE WHEN v_value IS NULL OR v_object.fields->v_key->>4 = 'image' AND v_value = '""';
        v_result := v_result || jsonb_build_object(v_key, v_value);
    END LOOP;
    RETURN o365_internal.put_whole_right(v_object.kind, v_result, dialect);
END $$;
COMMENT ON FUNCTION o365_internal.put_right(jsonb, text, text) IS
    'An object of a kind of card_kind without what breaks a rule of corrected_codes(), as it leaves for a webhook of '
    'the dialect. Null for one of which nothing is left. What nobody knows stays as it is.';
