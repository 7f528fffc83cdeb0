CREATE OR REPLACE FUNCTION o365_internal.action_codes(walk o365_internal.card_walk, place o365_internal.card_place,
    object o365_internal.card_kind, value jsonb)
RETURNS text[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_kind text := place.kind;
    v_type text := split_part(place.kind, ':', 2);
    v_in_action_card boolean := place.path LIKE '%.actions[%';
    v_uris jsonb;
    v_codes text[];
BEGIN
    IF object.lost AND walk.converts AND NOT v_in_action_card THEN
        v_codes := v_codes || (CASE WHEN v_kind = 'm.action:InvokeAddInCommand' THEN 'lost_action:'
                                    WHEN o365_internal.text_setting('public_url') = '' THEN 'unlinked_action:'
                                    ELSE 'linked_action:' END || v_type);
        IF v_kind = 'm.action:ActionCard' AND o365_internal.form_fields(value) > 62 THEN
            v_codes := v_codes || 'many_fields'::text;
        END IF;
    END IF;
    IF v_in_action_card AND (v_kind IN ('m.action:ActionCard', 'm.action:InvokeAddInCommand')
                             OR v_kind = 'm.action:ViewAction' AND walk.converts) THEN
        v_codes := v_codes || ('nested_action:' || v_type);
    END IF;
    IF v_kind IN ('m.action:ActionCard', 'm.input:MultichoiceInput') THEN
        v_codes := v_codes || o365_internal.input_codes(v_kind, value);
    ELSIF v_kind IN ('m.action:OpenUri', 'm.action:ViewAction') AND walk.converts AND NOT v_in_action_card THEN
        v_uris := jsonb_path_query_array(value, (CASE v_kind WHEN 'm.action:OpenUri' THEN '$.targets[*].uri'
                                                             ELSE '$.target[*]' END)::jsonpath);
        v_codes := v_codes || CASE
            WHEN NOT EXISTS (SELECT FROM jsonb_array_elements_text(v_uris) AS u (uri)
                              WHERE o365_internal.is_web_address(u.uri)) THEN '{lost_link}'::text[]
            WHEN jsonb_array_length(v_uris) > 1 THEN '{lost_targets}' END;
    END IF;
    RETURN v_codes;
END $$;
COMMENT ON FUNCTION o365_internal.action_codes(o365_internal.card_walk, o365_internal.card_place,
    o365_internal.card_kind, jsonb) IS
    'Rules that an action or a MultichoiceInput of a MessageCard breaks as a whole, besides those that other objects '
    'have too; null for none.';
