CREATE OR REPLACE FUNCTION o365.grant_application(role name, connector text, reason text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_connector_id integer := (SELECT c.connector_id FROM o365_internal.connector AS c
                             WHERE c.slug = grant_application.connector AND c.removed_at IS NULL);
BEGIN
    IF v_connector_id IS NULL THEN
        RAISE EXCEPTION 'there is no connector %', quote_nullable(connector)
            USING ERRCODE = 'undefined_object', HINT = 'select slug from o365.connectors lists them.';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles AS r WHERE r.rolname = grant_application.role) THEN
        RAISE EXCEPTION 'there is no role %', quote_nullable(role)
            USING ERRCODE = 'undefined_object',
                  HINT = format('Make it first: CREATE ROLE %I LOGIN', coalesce(role, 'your_application'));
    END IF;
    -- Grants are inherited by members: a grant to a role that every application is a member of would apply to all of
    -- them.
    IF role IN ('o365_owner', 'o365_responder', 'o365_worker', 'o365_app', 'o365_operator', 'o365_sandbox')
       AND o365_internal.has_roles() THEN
        RAISE EXCEPTION 'role % is no application''s', role
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Name the role that the application itself connects as.';
    END IF;
    IF NOT o365_internal.has_roles() AND NOT pg_has_role(role, current_user, 'MEMBER') THEN
        RAISE EXCEPTION 'role % is no member of %, and this installation has no other role', role, current_user
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = format('The application connects as %1$I here: select o365.grant_application(%1$L, %2$L)',
                                current_user, connector);
    END IF;
    PERFORM o365_internal.join_applications(role);
    INSERT INTO o365_internal.application (role, connector_id) VALUES (grant_application.role, v_connector_id)
        ON CONFLICT DO NOTHING;
    IF FOUND THEN
        PERFORM o365_internal.note_event('application_granted', 'operator', v_connector_id, object => role,
                                         reason => o365_internal.reason_text(reason));
    END IF;
    RETURN format('%s may send through %s', role, connector);
END $$;
COMMENT ON FUNCTION o365.grant_application(name, text, text) IS
    'Lets a database role, and its members, begin connections of a connector and send to them; makes it a member of '
    'o365_app. Repeating it changes nothing. reason: shown in o365.events. The grant is stored by the role''s name: '
    'revoke it before you drop the role. Errors: undefined_object, invalid_parameter_value, '
    'object_not_in_prerequisite_state (an installation under one role).';
