CREATE OR REPLACE FUNCTION o365_internal.linked_actions(card jsonb, json_text text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- A search for two words is cheap, and few cards have them.
    IF position('"HttpPOST"' IN json_text) = 0 AND position('"ActionCard"' IN json_text) = 0
       OR o365_internal.card_root(card, 'workflow') <> 'm.card' THEN
        RETURN NULL;
    END IF;
    RETURN (SELECT jsonb_object_agg(a.number, jsonb_build_object('path', a.path, 'action', a.action))
              FROM (SELECT p.n - 1 AS number, format('$.potentialAction[%s]', p.n - 1) AS path, p.action
                      FROM jsonb_path_query(card, '$.potentialAction[0 to 9]') WITH ORDINALITY AS p (action, n)
                    UNION ALL
                    SELECT 10 * s.n + p.n - 1, format('$.sections[%s].potentialAction[%s]', s.n - 1, p.n - 1), p.action
                      FROM jsonb_path_query(card, '$.sections[*]') WITH ORDINALITY AS s (section, n),
                           jsonb_path_query(s.section, '$.potentialAction[0 to 9]') WITH ORDINALITY AS p (action, n)
                   ) AS a
             WHERE a.action->>'@type' IN ('HttpPOST', 'ActionCard'));
END $$;
COMMENT ON FUNCTION o365_internal.linked_actions(jsonb, text) IS
    'The actions of a MessageCard that are links for Workflows: by number (an action of the card by its index, of a '
    'section by ten times the section''s place from 1, plus its index), path and action; of the card and of each '
    'section only the first ten, or two would have the same number. Null for none. json_text: the card''s text. '
    'lib/cards/to_adaptive.cpp and lib/cards/own_target.cpp number them alike.';
