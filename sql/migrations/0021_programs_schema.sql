-- What only our programs call moves from schema o365 to o365_programs, which install.sql has made. Functions and the view are made there after the
-- migrations; here the old ones go. Locks: ACCESS EXCLUSIVE on the view o365.callback.
DO $$
DECLARE
    v_function regprocedure;
BEGIN
    FOR v_function IN SELECT p.oid FROM pg_catalog.pg_proc AS p
                       WHERE p.pronamespace = 'o365'::regnamespace AND p.proname ~ '^(responder|worker)_' AND p.proowner = current_user::regrole
    LOOP
        EXECUTE format('DROP FUNCTION %s', v_function);
    END LOOP;
END $$;
SET LOCAL client_min_messages = warning;
DROP VIEW IF EXISTS o365.callback;
SET LOCAL client_min_messages = notice;
