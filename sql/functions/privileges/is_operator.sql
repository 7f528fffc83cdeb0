CREATE OR REPLACE FUNCTION o365_internal.is_operator() RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN CASE WHEN o365_internal.has_roles() THEN pg_has_role(session_user, 'o365_operator', 'MEMBER')
                ELSE pg_has_role(session_user, current_user, 'MEMBER') END;
END $$;
COMMENT ON FUNCTION o365_internal.is_operator() IS
    'Whether the session''s login is a member of o365_operator; without roles, of the one that owns everything.';
