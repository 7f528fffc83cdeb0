CREATE OR REPLACE FUNCTION o365_internal.repeated_problem(card_id bigint, dedupe text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN jsonb_build_array(jsonb_build_object('severity', 'warning', 'path', '$',
        'problem', format('card %s was sent with the dedupe key %L: this one is not sent', card_id, dedupe),
        'hint', 'The setting dedupe_hours says how long a key counts.'));
END $$;
COMMENT ON FUNCTION o365_internal.repeated_problem(bigint, text) IS
    'The warning about a card that repeats another one''s dedupe key, as a list like that of card_problems.';
