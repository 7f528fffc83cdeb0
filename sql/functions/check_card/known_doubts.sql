CREATE OR REPLACE FUNCTION o365_internal.known_doubts(card jsonb, root text, converts boolean) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_levels integer;
BEGIN
    IF root = 'm.card' THEN
        -- A MessageCard whose fields are right is right.
        RETURN CASE WHEN converts
                    THEN jsonb_path_query_array(card, o365_internal.card_doubts('m.card'), '{"converts": true}')
                    ELSE jsonb_path_query_array(card, o365_internal.card_doubts('m.card'), '{"converts": false}') END;
    ELSIF root IS NULL OR root = 's.card' THEN
        RETURN NULL;
    END IF;
    v_levels := o365_internal.right_levels(card, root, converts);
    IF v_levels = 100 THEN
        RETURN '[]';
    ELSIF root = 'a.card' AND v_levels IS NOT NULL THEN
        -- Only the elements are in doubt, or their contents.
        RETURN jsonb_build_array(jsonb_build_object('key', 'body', 'value', card->'body', 'right', v_levels > 0));
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION o365_internal.known_doubts(jsonb, text, boolean) IS
    'The pairs of key and value of a card that are not known to be right, as object_findings takes them; [] when all '
    'are. Null when nothing is known of any. root: its card_root.';
