CREATE OR REPLACE FUNCTION o365_internal.session_name(pid integer) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN coalesce((
        SELECT format('process %s (%s)', a.pid, concat_ws(', ', nullif(a.application_name, ''), 'role ' || a.usename))
          FROM pg_catalog.pg_stat_activity AS a WHERE a.pid = session_name.pid), format('process %s', pid));
END $$;
COMMENT ON FUNCTION o365_internal.session_name(integer) IS
    'A session in words: process 4711 (psql, role alice). select pg_terminate_backend(4711) ends it.';
