CREATE OR REPLACE FUNCTION o365_internal.status_problem(status text, status_reason text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF status = 'active' THEN
        RETURN '[]';
    END IF;
    RETURN jsonb_build_array(jsonb_build_object('severity', 'warning', 'path', '$',
        'problem', format('the connection is %s%s: this card %s', status, ' (' || status_reason || ')',
            CASE WHEN status IN ('paused', 'suspended', 'pending') THEN 'waits' ELSE 'will end as cancelled' END),
        'hint', CASE status
            WHEN 'paused' THEN 'It leaves after o365.resume, or when the pause ends.'
            WHEN 'pending' THEN 'It leaves when the user has confirmed or proven the connection.'
            WHEN 'suspended' THEN 'It leaves after o365.resume, or when the user connects again.'
            ELSE 'Its user has to connect again: link to what o365.begin_connect returns.' END));
END $$;
COMMENT ON FUNCTION o365_internal.status_problem(text, text) IS
    'The warning about a card to a connection that does not send now, as a list like that of card_problems; [] where '
    'it does.';
