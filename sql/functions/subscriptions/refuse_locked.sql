CREATE OR REPLACE FUNCTION o365_internal.refuse_locked(what text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% is locked by another session', what
        USING ERRCODE = 'lock_not_available',
              HINT = 'Whoever changed it has not ended the transaction: select pid, usename, state, xact_start, query '
                     'from pg_stat_activity where xact_start < now() - interval ''5 seconds''';
END $$;
COMMENT ON FUNCTION o365_internal.refuse_locked(text) IS
    'Raises lock_not_available for an object that was waited for in vain, with the statement that finds the session.';
