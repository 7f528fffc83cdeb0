CREATE OR REPLACE FUNCTION o365_internal.with_own_targets(card_id bigint, card jsonb, added integer) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_actions jsonb := CASE WHEN added IS NOT NULL THEN o365_internal.kept_actions(card, 'connector') END;
    v_card jsonb := card;
    v_button record;
BEGIN
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
                            to_jsonb(o365_internal.own_target(with_own_targets.card_id, v_button.number + added)));
    END LOOP;
    RETURN v_card;
END $$;
COMMENT ON FUNCTION o365_internal.with_own_targets(bigint, jsonb, integer) IS
    'A card that takes the place of another, card_id, with an address for each target o365:action. Each has a token: '
    'nothing keeps what this returns. added: as keep_own_actions returned it.';
