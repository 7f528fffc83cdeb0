CREATE OR REPLACE FUNCTION o365_internal.section_count(body jsonb) RETURNS integer
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    v_types jsonb := jsonb_path_query_array(body, '$[*].type');
    v_place integer;
    v_last integer := 0;
    v_images integer := 0;
    v_sections integer := 0;
BEGIN
    FOR v_i IN 0 .. jsonb_array_length(v_types) - 1 LOOP
        v_place := CASE v_types->>v_i WHEN 'TextBlock' THEN 1 WHEN 'FactSet' THEN 2 WHEN 'Image' THEN 3 ELSE 0 END;
        -- Texts before all other elements are the card's own text.
        CONTINUE WHEN v_place = 0 OR v_place = 1 AND v_sections = 0;
        v_images := CASE v_place WHEN 3 THEN v_images + 1 ELSE 0 END;
        IF v_place < v_last OR v_sections = 0 OR v_images > 5 THEN
            v_sections := v_sections + 1;
            v_images := least(v_images, 1);
        END IF;
        v_last := v_place;
    END LOOP;
    RETURN v_sections;
END $$;
COMMENT ON FUNCTION o365_internal.section_count(jsonb) IS
    'Sections of the MessageCard that an Adaptive Card with this body becomes, at most: a section has texts, facts '
    'and up to five pictures, in this order. lib/cards/to_message_card.cpp makes them.';
