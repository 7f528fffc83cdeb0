CREATE OR REPLACE FUNCTION o365.take_action_events(most integer DEFAULT 100)
RETURNS TABLE (event_id bigint, at timestamptz, connector text, subscription_id bigint, app_user text, app_state jsonb,
    card_id bigint, path text, name text,
    target text, content_type text, body text, inputs jsonb, way text, pressed_by text, pressed_by_name text,
    tenant text, is_connecting_user boolean, answer_until timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
BEGIN
    IF most IS NULL OR most NOT BETWEEN 1 AND 1000 THEN
        RAISE EXCEPTION 'most is %', coalesce(most::text, 'NULL')
            USING ERRCODE = 'invalid_parameter_value',
                HINT = 'Take 1 to 1000 at a time, and ask again until none comes.';
    END IF;
    RETURN QUERY
        WITH mine AS MATERIALIZED (
            SELECT e.event_id FROM o365_internal.action_event AS e
             WHERE e.connector_id = ANY (ARRAY(SELECT c.connector_id FROM o365_internal.connector AS c
                                                WHERE o365_internal.may_use(c.connector_id)))
             ORDER BY e.event_id LIMIT most FOR UPDATE SKIP LOCKED
        ), taken AS (
            DELETE FROM o365_internal.action_event AS e USING mine WHERE e.event_id = mine.event_id RETURNING e.*
        )
        SELECT t.event_id, t.at, c.slug, t.subscription_id, s.app_user, s.app_state, t.card_id, t.path, t.name,
               t.target, t.content_type, t.body, t.inputs, t.way, t.pressed_by, t.pressed_by_name, t.tenant,
               t.is_connecting_user, t.answer_until
          FROM taken AS t
          JOIN o365_internal.subscription AS s ON s.subscription_id = t.subscription_id
          JOIN o365_internal.connector AS c ON c.connector_id = t.connector_id
         ORDER BY t.event_id;
END $$;
COMMENT ON FUNCTION o365.take_action_events(integer) IS
    'Takes the presses on cards of the connectors that the session may use, oldest first, at most that many (1 to '
    '1000). They are deleted when your transaction commits, and remain if it rolls back; sessions that take at the '
    'same moment get different ones. way is call for a button with the target o365:action that Microsoft''s service '
    'called with a signed token: pressed_by, pressed_by_name and tenant say who is proven to have pressed, '
    'is_connecting_user whether that person made the connection (null: not known), body is what the card made of the '
    'inputs, answer_until until when the request waits for o365.answer_action. way is page for a button of a '
    'workflow''s card that was pressed on its page: target was not called, and it is not known who pressed. Error: '
    'invalid_parameter_value.';
