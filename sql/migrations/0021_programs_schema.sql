-- What only our programs call moves from schema o365 to o365_programs, which install.sql has made. Functions and the
-- view are made there after the migrations; here the old ones go. o365.attempt() is o365.connect_attempt(), and the
-- view o365.attempts is o365.posts. Locks: ACCESS EXCLUSIVE on both views.
DO $$
DECLARE
    v_function regprocedure;
BEGIN
    FOR v_function IN SELECT p.oid FROM pg_catalog.pg_proc AS p
                       WHERE p.pronamespace = 'o365'::regnamespace AND p.proname ~ '^(responder|worker)_'
                         AND p.proowner = quote_ident(current_user)::regrole
    LOOP
        EXECUTE format('DROP FUNCTION %s', v_function);
    END LOOP;
END $$;
SET LOCAL client_min_messages = warning;
DROP VIEW IF EXISTS o365.callback;
DROP FUNCTION IF EXISTS o365.attempt(text);
-- Whoever made a view of their own on it keeps that.
ALTER VIEW IF EXISTS o365.attempts RENAME TO posts;
SET LOCAL client_min_messages = notice;
