CREATE OR REPLACE FUNCTION o365_internal.locked_by(xmax xid) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_xids xid[] := ARRAY[xmax];
    v_lock record;
BEGIN
    IF xmax = '0'::xid THEN
        RETURN NULL;
    END IF;
    BEGIN
        -- If several transactions lock a row, it has a MultiXactId instead of a transaction id.
        v_xids := v_xids || ARRAY(SELECT m.xid FROM pg_get_multixact_members(xmax) AS m);
    EXCEPTION WHEN OTHERS THEN
        NULL;
    END;
    SELECT l.pid, p.gid, p.prepared INTO v_lock FROM pg_catalog.pg_locks AS l
      LEFT JOIN pg_catalog.pg_prepared_xacts AS p ON p.transaction = l.transactionid
     WHERE l.locktype = 'transactionid' AND l.granted AND l.transactionid = ANY (v_xids)
       AND l.pid IS DISTINCT FROM pg_backend_pid() LIMIT 1;
    RETURN CASE WHEN NOT FOUND THEN NULL
                WHEN v_lock.pid IS NOT NULL THEN 'the open transaction of ' || o365_internal.session_name(v_lock.pid)
                ELSE format('prepared transaction %s of %s', v_lock.gid,
                            to_char(v_lock.prepared, 'YYYY-MM-DD HH24:MI')) END;
END $$;
COMMENT ON FUNCTION o365_internal.locked_by(xid) IS
    'Who has a row locked, by the row''s xmax, in words; null when nobody has.';
