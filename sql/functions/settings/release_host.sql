CREATE OR REPLACE FUNCTION o365.release_host(host text, reason text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_name text := o365_internal.locked_far_end(host);
BEGIN
    UPDATE o365_internal.host AS h SET held_until = NULL, why = NULL, held_by = NULL, held_at = NULL
     WHERE h.name = v_name AND h.held_until IS NOT NULL;
    IF FOUND THEN
        PERFORM o365_internal.note_event('host_released', 'operator', NULL, object => v_name,
                                         reason => o365_internal.reason_text(reason));
    END IF;
    RETURN 'open';
END $$;
COMMENT ON FUNCTION o365.release_host(text, text) IS
    'Ends o365.hold_host: waiting cards leave within seconds, in their order, unless their connection waits for '
    'something else. Changes nothing if the far end is not held. Returns open. Errors: undefined_object, '
    'lock_not_available (another session has it locked for 5 s).';
