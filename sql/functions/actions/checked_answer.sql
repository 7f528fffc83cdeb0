CREATE OR REPLACE FUNCTION o365_internal.checked_answer(connector_id integer, status text, translations jsonb,
    card jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_problems jsonb;
    v_wrong text;
BEGIN
    IF status ~ '[[:cntrl:]]' COLLATE "C" OR octet_length(status) > 1000 OR btrim(status) = '' THEN
        RAISE EXCEPTION 'status is empty, longer than 1000 bytes, or has a control character'
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Write one line: "The ticket was closed." Who pressed, and when, is added by Outlook.';
    ELSIF translations IS NOT NULL THEN
        IF jsonb_typeof(translations) = 'object' THEN
            SELECT t.tag INTO v_wrong FROM jsonb_each(translations) AS t (tag, words)
             WHERE t.tag !~ '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$' OR jsonb_typeof(t.words) <> 'string'
                OR t.words #>> '{}' ~ '[[:cntrl:]]' COLLATE "C"
                OR octet_length(t.words #>> '{}') NOT BETWEEN 1 AND 1000 LIMIT 1;
        END IF;
        IF jsonb_typeof(translations) <> 'object' OR v_wrong IS NOT NULL
           OR octet_length(translations::text) > 20000 THEN
            RAISE EXCEPTION 'translations is no object of lines by language%', coalesce(': ' || v_wrong, '')
                USING ERRCODE = 'invalid_parameter_value', HINT = 'Write {"de": "Das Ticket ist geschlossen."}.';
        END IF;
    END IF;
    IF card IS NULL THEN
        RETURN NULL;
    END IF;
    v_problems := o365_internal.card_problems(card, 'connector', (SELECT c.target_urls FROM o365_internal.connector AS c
                                                                   WHERE c.connector_id = checked_answer.connector_id));
    IF v_problems #>> '{0,severity}' = 'error' THEN
        RAISE EXCEPTION 'the card that takes the place of the one pressed is refused: % (%)',
            v_problems #>> '{0,problem}', v_problems #>> '{0,path}'
            USING ERRCODE = 'check_violation', HINT = v_problems #>> '{0,hint}', DETAIL = v_problems::text;
    ELSIF o365_internal.card_root(card, 'connector') <> 'm.card' THEN
        RAISE EXCEPTION 'the card that takes the place of the one pressed is no MessageCard'
            USING ERRCODE = 'check_violation', HINT = 'A MessageCard takes the place of a MessageCard.';
    END IF;
    RETURN o365_internal.card_to_send(card, 'connector', v_problems);
END $$;
COMMENT ON FUNCTION o365_internal.checked_answer(integer, text, jsonb, jsonb) IS
    'Judges an answer to a press, and returns its card as it leaves; null for none. Errors: invalid_parameter_value '
    '(status, translations), check_violation (the card).';
