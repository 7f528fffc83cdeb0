CREATE OR REPLACE FUNCTION o365_internal.with_own_targets(card_id bigint, card jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_card jsonb := card;
    v_actions jsonb := CASE WHEN o365_internal.has_own_target(card) THEN o365_internal.kept_actions(card, 'connector')
                       END;
    v_added integer;
    v_button record;
BEGIN
    IF v_actions IS NULL THEN
        RETURN card;
    END IF;
    SELECT 10000000 * (1 + max(k.number::integer) / 10000000) INTO STRICT v_added
      FROM o365_internal.card_action AS a, jsonb_object_keys(a.actions) AS k (number)
     WHERE a.card_id = with_own_targets.card_id;
    SELECT jsonb_object_agg(k.number::integer + v_added, k.kept) INTO STRICT v_actions
      FROM jsonb_each(v_actions) AS k (number, kept);
    UPDATE o365_internal.card_action AS a SET actions = a.actions || v_actions
     WHERE a.card_id = with_own_targets.card_id;
    FOR v_button IN
        SELECT n.number, c.path FROM jsonb_each(v_actions) AS k (number, kept)
         CROSS JOIN LATERAL (
            SELECT k.number::integer + 100000 * s AS number
              FROM generate_series(0, jsonb_array_length(CASE WHEN jsonb_typeof(k.kept #> '{action,actions}') = 'array'
                                                              THEN k.kept #> '{action,actions}' ELSE '[]' END)) AS s
            ) AS n
         CROSS JOIN LATERAL o365_internal.called_action(v_actions, n.number) AS c
         WHERE c.path IS NOT NULL
    LOOP
        -- $.sections[1].potentialAction[0] as {sections,1,potentialAction,0,target}.
        v_card := jsonb_set(v_card, regexp_split_to_array(rtrim(substr(v_button.path, 3), ']'), '[^A-Za-z0-9]+')
                                    || 'target'::text,
                            to_jsonb(o365_internal.own_target(with_own_targets.card_id, v_button.number)));
    END LOOP;
    RETURN v_card;
END $$;
COMMENT ON FUNCTION o365_internal.with_own_targets(bigint, jsonb) IS
    'A card that takes the place of another, card_id, with an address for each target o365:action; keeps its actions '
    'beside those of the first. The caller has the row of card_action locked.';
