CREATE OR REPLACE FUNCTION o365_internal.unwanted_problem(event text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN jsonb_build_array(jsonb_build_object('severity', 'warning', 'path', '$',
        'problem', format('the user does not want the event %L: this card will end as cancelled', event),
        'hint', 'It is the user''s choice, on the page of the connection. A card without an event goes always.'));
END $$;
COMMENT ON FUNCTION o365_internal.unwanted_problem(text) IS
    'The warning about a card whose event its user does not want, as a list like that of card_problems.';
