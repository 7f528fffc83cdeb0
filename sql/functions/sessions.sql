-- Who holds what, told in words that an operator can act on. What is read here every role may see: process id, role and
-- application_name; never a statement.

CREATE OR REPLACE FUNCTION o365_internal.session_name(pid integer) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN coalesce((
        SELECT format('process %s (%s)', a.pid, concat_ws(', ', nullif(a.application_name, ''), 'role ' || a.usename))
          FROM pg_catalog.pg_stat_activity AS a WHERE a.pid = session_name.pid), format('process %s', pid));
END $$;
COMMENT ON FUNCTION o365_internal.session_name(integer) IS
    'A session in words: process 4711 (psql, role alice). select pg_terminate_backend(4711) ends it.';

CREATE OR REPLACE FUNCTION o365_internal.holders(tables regclass[]) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN ARRAY(SELECT DISTINCT l.pid || ' ' || l.virtualtransaction FROM pg_catalog.pg_locks AS l
                  WHERE l.locktype = 'relation' AND l.relation = ANY (tables) AND l.granted AND l.pid <> pg_backend_pid()
                    AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = current_database()));
END $$;
COMMENT ON FUNCTION o365_internal.holders(regclass[]) IS
    'The transactions of other sessions that have a lock on one of these tables, as o365_internal.who_stays takes them.';

CREATE OR REPLACE FUNCTION o365_internal.who_stays(before text[], after text[]) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN coalesce((SELECT string_agg(o365_internal.session_name(s.pid), ', ' ORDER BY s.pid)
                       FROM (SELECT split_part(a.t, ' ', 1)::integer AS pid FROM unnest(after) AS a (t)
                              WHERE a.t = ANY (before) ORDER BY 1 LIMIT 3) AS s), 'somebody');
END $$;
COMMENT ON FUNCTION o365_internal.who_stays(text[], text[]) IS
    'Of the transactions that had locks before a wait those that have them still, in words, at most three: who was waited for '
    'in vain, without those who came and went. "somebody" when all of them went.';
