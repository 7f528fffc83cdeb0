CREATE OR REPLACE FUNCTION o365.hold_host(host text, reason text DEFAULT NULL, until timestamptz DEFAULT NULL)
RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_name text;
    v_reason text := o365_internal.reason_text(reason);
BEGIN
    PERFORM o365_internal.check_end(until, 'hold', 'o365.release_host');
    v_name := o365_internal.locked_far_end(host);
    PERFORM o365_internal.gather_lanes(v_name);
    UPDATE o365_internal.host AS h
       SET held_until = coalesce(until, 'infinity'), why = v_reason, held_by = session_user, held_at = now()
     WHERE h.name = v_name;
    PERFORM o365_internal.note_event('host_held', 'operator', NULL, reason => v_reason, object => v_name,
        detail => to_char(nullif(until, 'infinity') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'));
    RETURN 'held';
END $$;
COMMENT ON FUNCTION o365.hold_host(text, text, timestamptz) IS
    'Holds a far end, an entry of o365.webhook_hosts: within 2 s of the commit nothing is posted to any webhook there, '
    'not even test cards; cards wait, and no connection is charged with a failure or suspended. With until the hold '
    'ends then; without, when somebody calls o365.release_host. Another call replaces reason and end. It costs the '
    'same however many connections there are, unless entries of the allow-list lie, or lay, within one another: then '
    'it looks through the connections of those entries, and takes over what belongs to this one by now. reason: shown '
    'in o365.queue, at most 500 characters. Returns held. Errors: undefined_object, invalid_parameter_value (until), '
    'lock_not_available (another session has the far end, or a connection that is taken over, locked for 5 s).';
