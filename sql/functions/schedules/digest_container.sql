CREATE OR REPLACE FUNCTION o365_internal.digest_container(card jsonb, most integer) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_actions jsonb := CASE WHEN most IS NULL THEN coalesce(card->'actions', '[]')
                            ELSE jsonb_path_query_array(card, 'strict $.** ? (@.type == "Action.OpenUrl")') END;
    v_items jsonb := coalesce(card->'body', '[]');
    v_text text;
BEGIN
    IF most IS NOT NULL THEN
        v_text := coalesce(jsonb_path_query_first(card, 'strict $.** ? (@.type == "TextBlock").text') #>> '{}',
                           card->>'fallbackText');
        v_items := CASE WHEN v_text IS NULL THEN '[]' ELSE jsonb_build_array(jsonb_build_object('type', 'TextBlock',
            'wrap', true, 'weight', 'Bolder',
            'text', o365_internal.digest_text(ARRAY[v_text], greatest(most, 200)))) END;
    END IF;
    IF v_actions <> '[]' THEN
        v_items := v_items || jsonb_build_array(jsonb_build_object('type', 'ActionSet', 'actions', v_actions));
    END IF;
    RETURN jsonb_strip_nulls(jsonb_build_object('type', 'Container', 'separator', true, 'spacing', 'Large',
                                                'selectAction', card->'selectAction'))
           || jsonb_build_object('items', v_items);
END $$;
COMMENT ON FUNCTION o365_internal.digest_container(jsonb, integer) IS
    'An Adaptive Card as an element of a digest that is one: whole where most is null, else its first text and its '
    'links.';
