CREATE OR REPLACE FUNCTION o365.revoke_application(role name, connector text, reason text DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_connector_id integer;
BEGIN
    DELETE FROM o365_internal.application AS a USING o365_internal.connector AS c
     WHERE c.connector_id = a.connector_id AND c.slug = revoke_application.connector
       AND a.role = revoke_application.role
     RETURNING c.connector_id INTO v_connector_id;
    IF v_connector_id IS NULL THEN
        RETURN false;
    END IF;
    PERFORM o365_internal.note_event('application_revoked', 'operator', v_connector_id, object => role,
                                     reason => o365_internal.reason_text(reason));
    RETURN true;
END $$;
COMMENT ON FUNCTION o365.revoke_application(name, text, text) IS
    'Revokes what o365.grant_application granted. reason: shown in o365.events. False if there was nothing to revoke.';
