CREATE OR REPLACE FUNCTION o365_internal.may_use(connector_id integer) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    -- Usually it is the login role itself; the look-up through pg_roles would be a third of the cost of sending a card.
    IF EXISTS (SELECT FROM o365_internal.application AS a WHERE a.connector_id = $1 AND a.role = session_user) THEN
        RETURN true;
    END IF;
    RETURN EXISTS (SELECT FROM o365_internal.application AS a JOIN pg_catalog.pg_roles AS r ON r.rolname = a.role
                    WHERE a.connector_id = $1 AND pg_has_role(session_user, r.oid, 'MEMBER'));
END $$;
COMMENT ON FUNCTION o365_internal.may_use(integer) IS
    'Whether the session''s login, directly or as a member, was granted the connector with o365.grant_application. '
    'SET ROLE changes nothing.';
