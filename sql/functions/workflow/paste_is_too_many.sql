CREATE OR REPLACE FUNCTION o365_internal.paste_is_too_many(connector_id integer, ticket o365_internal.ticket)
RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_a_minute integer := o365_internal.integer_setting('pastes_per_minute');
BEGIN
    IF ticket.pastes >= o365_internal.integer_setting('pastes_per_ticket') THEN
        RETURN 'too_many_with_link';
    END IF;
    -- Who has a ticket and who has none are counted apart, and what was refused is not: nobody outside can use up the
    -- bound of those whom the application sends.
    IF (SELECT count(*) FROM (SELECT FROM o365_internal.connect_attempt AS a
                               WHERE coalesce(a.connector_id, 0) = $1 AND a.way = 'workflow'
                                 AND (a.cookie_hash IS NULL)::integer = 0
                                 AND a.started_at > now() - interval '1 minute'
                                 AND (a.ticket_hash IS NULL) = (ticket.ticket_hash IS NULL)
                               LIMIT v_a_minute) AS a) >= v_a_minute THEN
        RETURN 'too_many';
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION o365_internal.paste_is_too_many(integer, o365_internal.ticket) IS
    'Why no further webhook may be pasted now: too_many_with_link (the setting pastes_per_ticket), too_many '
    '(pastes_per_minute, a connector; with tickets and without are counted apart); null when one may.';
