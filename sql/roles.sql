-- The roles. Runs if the installing role may create roles; otherwise everything belongs to that one role
-- (docs/operator.md has the consequences). Passwords and pg_hba.conf are left to the operator: a role created here may
-- log in, but has no means of authentication yet.
DO $$
DECLARE
    v_role record;
BEGIN
    FOR v_role IN SELECT * FROM (VALUES
        ('o365_owner', 'NOLOGIN',
            'o365-connector: owns the schemas o365, o365_programs and o365_internal; nobody logs in as it.'),
        ('o365_responder', 'LOGIN', 'o365-connector: the FastCGI responder. May seal webhooks, never read one.'),
        ('o365_worker', 'LOGIN', 'o365-connector: the worker. Reads sealed webhooks and delivers cards.'),
        ('o365_app', 'NOLOGIN',
            'o365-connector: what applications are members of. May begin connections and send cards.'),
        ('o365_operator', 'NOLOGIN', 'o365-connector: what operators are members of. Manages; never sees a webhook.'),
        ('o365_sandbox', 'LOGIN', 'o365-connector: the sandbox, Microsoft''s side for development.')
    ) AS r (name, login, comment)
    LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles AS p WHERE p.rolname = v_role.name) THEN
            EXECUTE format('CREATE ROLE %I %s', v_role.name, v_role.login);
            EXECUTE format('COMMENT ON ROLE %I IS %L', v_role.name, v_role.comment);
            RAISE NOTICE 'created role %', v_role.name;
        END IF;
    END LOOP;
    -- o365.grant_application makes an application's role a member of o365_app.
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_auth_members AS m
                    WHERE m.roleid = 'o365_app'::regrole AND m.member = 'o365_owner'::regrole AND m.admin_option) THEN
        GRANT o365_app TO o365_owner WITH ADMIN OPTION;
    END IF;
    -- Since PostgreSQL 16 the creator of a role may administer it, but not assume it.
    IF NOT pg_has_role(current_user, 'o365_owner',
                       CASE WHEN current_setting('server_version_num')::integer >= 160000 THEN 'SET'
                            ELSE 'MEMBER' END) THEN
        EXECUTE format('GRANT o365_owner TO %I', current_user);
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    -- Another installation in this cluster created them, or somebody by hand.
    RAISE EXCEPTION 'role % may not administer the roles o365_owner and o365_app', current_user
        USING ERRCODE = 'insufficient_privilege', DETAIL = SQLERRM,
              HINT = format('A superuser can allow it: GRANT o365_owner, o365_app TO %I WITH ADMIN OPTION. '
                            'Nothing was changed.', current_user);
END $$;
