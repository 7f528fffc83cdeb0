CREATE OR REPLACE FUNCTION o365_internal.start_is_too_many(connector_id integer, ticket o365_internal.ticket)
RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_a_minute integer := o365_internal.integer_setting('starts_per_minute');
BEGIN
    IF ticket.starts >= o365_internal.integer_setting('starts_per_ticket') THEN
        RETURN 'too_many_with_link';
    END IF;
    IF (SELECT count(*) FROM (SELECT FROM o365_internal.connect_attempt AS a
                               WHERE coalesce(a.connector_id, 0) = $1 AND a.way = 'button'
                                 AND (a.cookie_hash IS NULL)::integer = 0
                                 AND a.started_at > now() - interval '1 minute'
                                 AND (a.ticket_hash IS NULL) = (ticket.ticket_hash IS NULL)
                               LIMIT v_a_minute) AS a) >= v_a_minute THEN
        RETURN 'too_many';
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION o365_internal.start_is_too_many(integer, o365_internal.ticket) IS
    'Why no further attempt at the Connect page may begin now: too_many_with_link (the setting starts_per_ticket), '
    'too_many (starts_per_minute, a connector; with tickets and without are counted apart); null when one may.';
