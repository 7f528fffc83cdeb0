-- What the database itself has to allow, before the tables are made, as the role that installs: our roles connect, and
-- its event triggers do not stop our statements.
DO $$
DECLARE
    v_role name;
    v_trigger record;
BEGIN
    IF (SELECT pg_get_userbyid(n.nspowner) FROM pg_catalog.pg_namespace AS n
         WHERE n.nspname = 'o365_internal') = 'o365_owner' THEN
        FOR v_role IN SELECT r.rolname FROM pg_catalog.pg_roles AS r
                       WHERE r.rolname IN ('o365_responder', 'o365_worker', 'o365_app', 'o365_operator', 'o365_sandbox')
                         AND NOT has_database_privilege(r.oid, current_database(), 'CONNECT')
        LOOP
            BEGIN
                EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), v_role);
            EXCEPTION WHEN insufficient_privilege THEN
                -- o365.health() tells of it.
                NULL;
            END;
        END LOOP;
    END IF;
    FOR v_trigger IN SELECT t.evtname, p.oid::regprocedure AS function,
                            (SELECT pg_get_userbyid(n.nspowner) FROM pg_catalog.pg_namespace AS n
                              WHERE n.nspname = 'o365_internal') AS owner
                       FROM pg_catalog.pg_event_trigger AS t JOIN pg_catalog.pg_proc AS p ON p.oid = t.evtfoid
                      WHERE t.evtenabled <> 'D' AND t.evtevent <> 'login' AND NOT p.prosecdef
    LOOP
        RAISE NOTICE 'the event trigger % runs with the rights of role %, here and when workers make partitions',
            v_trigger.evtname, v_trigger.owner
            USING HINT = format('If it writes a table of its own: ALTER FUNCTION %s SECURITY DEFINER. '
                                'It must not fail on our statements.',
                                v_trigger.function);
    END LOOP;
END $$;
