CREATE OR REPLACE FUNCTION o365_internal.event_problem(event text, events text[]) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF event IS NULL OR event = ANY (events) THEN
        RETURN '[]';
    END IF;
    RETURN jsonb_build_array(jsonb_build_object('severity', 'warning', 'path', '$',
        'problem', format('the connector has no event %L registered', event),
        'hint', format('Its events are %s. o365.alter_connector adds one.',
                       (SELECT string_agg(quote_literal(e), ', ') FROM unnest(events) AS e))));
END $$;
COMMENT ON FUNCTION o365_internal.event_problem(text, text[]) IS
    'The warning about a card whose event its connector has not registered, as a list like that of card_problems; [] '
    'when it has, or when the card has no event.';
