CREATE OR REPLACE FUNCTION o365_internal.holders(tables regclass[]) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN ARRAY(SELECT DISTINCT l.pid || ' ' || l.virtualtransaction FROM pg_catalog.pg_locks AS l
                  WHERE l.locktype = 'relation' AND l.relation = ANY (tables) AND l.granted
                    AND l.pid <> pg_backend_pid()
                    AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d
                                       WHERE d.datname = current_database()));
END $$;
COMMENT ON FUNCTION o365_internal.holders(regclass[]) IS
    'The transactions of other sessions that have a lock on one of these tables, as o365_internal.who_stays takes '
    'them.';
