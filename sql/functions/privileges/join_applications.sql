CREATE OR REPLACE FUNCTION o365_internal.join_applications(role name) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    -- Since PostgreSQL 16 each membership says whether it is inherited; before, the role did.
    v_says_so boolean := current_setting('server_version_num')::integer >= 160000;
    v_group name := CASE WHEN o365_internal.has_roles() THEN 'o365_app' ELSE current_user END;
BEGIN
    IF o365_internal.has_roles() AND NOT pg_has_role(role, v_group, CASE WHEN v_says_so THEN 'USAGE'
                                                     ELSE 'MEMBER' END) THEN
        EXECUTE format('GRANT o365_app TO %I %s', role, CASE WHEN v_says_so THEN 'WITH INHERIT TRUE' END);
    END IF;
    IF NOT pg_has_role(role, v_group, 'USAGE') THEN
        RAISE WARNING 'role % inherits nothing of what % may do', role, v_group
            USING HINT = format('Either ALTER ROLE %I INHERIT, or let it SET ROLE %I before it calls anything of o365.',
                                role, v_group);
    END IF;
END $$;
COMMENT ON FUNCTION o365_internal.join_applications(name) IS
    'Makes a role a member of o365_app that inherits its rights; warns where it does not. An installation under one '
    'role makes no members.';
