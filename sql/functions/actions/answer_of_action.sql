CREATE OR REPLACE FUNCTION o365_internal.answer_of_action(card_id bigint, connector_id integer, path text, name text)
RETURNS o365_internal.action_answer
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_answer o365_internal.action_answer;
BEGIN
    SELECT a.* INTO v_answer FROM o365_internal.action_answer AS a
     WHERE a.card_id = answer_of_action.card_id AND a.action = ANY (ARRAY[path, name])
     ORDER BY a.action <> path LIMIT 1;
    IF NOT FOUND THEN
        SELECT a.* INTO v_answer FROM o365_internal.action_answer AS a
         WHERE a.connector_id = answer_of_action.connector_id AND a.card_id IS NULL
           AND a.action = ANY (ARRAY[name, ''])
         ORDER BY a.action = '' LIMIT 1;
    END IF;
    RETURN v_answer;
END $$;
COMMENT ON FUNCTION o365_internal.answer_of_action(bigint, integer, text, text) IS
    'What answers a press of a button: what o365.on_action said of its path, else of its name, else what '
    'o365.on_connector_action said of its name, else of all buttons. Nulls when nothing was said.';
