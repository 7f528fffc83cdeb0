CREATE OR REPLACE FUNCTION o365_internal.is_too_many(connector_id integer, way text, ticket o365_internal.ticket)
RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_a_minute integer := o365_internal.integer_setting(CASE way WHEN 'button' THEN 'starts_per_minute'
                                                            ELSE 'pastes_per_minute' END);
BEGIN
    IF way = 'button' AND ticket.starts >= o365_internal.integer_setting('starts_per_ticket')
       OR way = 'workflow' AND ticket.pastes >= o365_internal.integer_setting('pastes_per_ticket') THEN
        RETURN 'too_many_with_link';
    END IF;
    -- Attempts with a ticket and those without are counted apart, and refused ones are not counted: so nobody outside
    -- can use up the bound of the users whom the application sends.
    IF (SELECT count(*) FROM (SELECT FROM o365_internal.connect_attempt AS a
                               WHERE coalesce(a.connector_id, 0) = $1 AND a.way = $2
                                 AND (a.cookie_hash IS NULL)::integer = 0
                                 AND a.started_at > now() - interval '1 minute'
                                 AND (a.ticket_hash IS NULL) = (ticket.ticket_hash IS NULL)
                               LIMIT v_a_minute) AS a) >= v_a_minute THEN
        RETURN 'too_many';
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION o365_internal.is_too_many(integer, text, o365_internal.ticket) IS
    'Why no further attempt may begin now by this way, button or workflow: too_many_with_link (the settings '
    'starts_per_ticket and pastes_per_ticket), too_many (starts_per_minute and pastes_per_minute, a connector; '
    'attempts with a ticket and without are counted apart); null when one may.';
