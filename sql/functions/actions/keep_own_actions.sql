CREATE OR REPLACE FUNCTION o365_internal.keep_own_actions(card_id bigint, card jsonb) RETURNS integer
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_actions jsonb := o365_internal.kept_actions(card, 'connector');
    v_added integer;
BEGIN
    IF v_actions IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT 10000000 * (1 + max(k.number::integer) / 10000000) INTO STRICT v_added
      FROM o365_internal.card_action AS a, jsonb_object_keys(a.actions) AS k (number)
     WHERE a.card_id = keep_own_actions.card_id;
    UPDATE o365_internal.card_action AS a
       SET actions = a.actions || (SELECT jsonb_object_agg(k.number::integer + v_added, k.kept)
                                     FROM jsonb_each(v_actions) AS k (number, kept))
     WHERE a.card_id = keep_own_actions.card_id;
    RETURN v_added;
END $$;
COMMENT ON FUNCTION o365_internal.keep_own_actions(bigint, jsonb) IS
    'Keeps the actions of a card that takes the place of another, card_id, beside those of the first, when there is a '
    'target o365:action among them. Returns what is added to their numbers; null for none. The caller has the row of '
    'card_action locked.';
