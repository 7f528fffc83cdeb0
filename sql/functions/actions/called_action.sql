CREATE OR REPLACE FUNCTION o365_internal.called_action(actions jsonb, number integer, OUT path text, OUT action jsonb)
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_step integer := number % 10000000 / 100000 - 1;
    v_kept jsonb := actions->(number - 100000 * (v_step + 1))::text;
BEGIN
    path := v_kept->>'path';
    action := v_kept->'action';
    IF v_step >= 0 THEN
        path := format('%s.actions[%s]', path, v_step);
        action := CASE WHEN action->>'@type' = 'ActionCard' THEN action->'actions'->v_step END;
    END IF;
    IF action->>'@type' IS DISTINCT FROM 'HttpPOST' OR action->>'target' IS DISTINCT FROM 'o365:action' THEN
        path := NULL;
        action := NULL;
    END IF;
END $$;
COMMENT ON FUNCTION o365_internal.called_action(jsonb, integer) IS
    'The HttpPOST with the target o365:action that a token of POST /action names, and its JSON path; nulls when there '
    'is none. actions: those of card_action. number: as linked_actions counts, 100,000 more for the first action of an '
    'ActionCard, 200,000 for the second, and ten million for each card that took the first one''s place.';
