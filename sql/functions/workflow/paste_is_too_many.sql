CREATE OR REPLACE FUNCTION o365_internal.paste_is_too_many(connector_id integer, ticket o365_internal.ticket) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_a_minute integer := o365_internal.integer_setting('pastes_per_minute');
BEGIN
    IF ticket.pastes >= o365_internal.integer_setting('pastes_per_ticket') THEN
        RETURN format('%s webhooks were pasted with this ticket', ticket.pastes);
    END IF;
    IF (SELECT count(*) FROM (SELECT FROM o365_internal.connect_attempt AS a
                               WHERE a.connector_id = $1 AND a.way = 'workflow' AND a.started_at > now() - interval '1 minute'
                               LIMIT v_a_minute) AS a) >= v_a_minute THEN
        RETURN format('%s webhooks were pasted for this connector within a minute', v_a_minute);
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION o365_internal.paste_is_too_many(integer, o365_internal.ticket) IS
    'Why no further webhook may be pasted now, in words; null when one may. Bounds: the settings pastes_per_ticket and '
    'pastes_per_minute (a connector).';
