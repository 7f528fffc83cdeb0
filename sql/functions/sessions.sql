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
        -- Several lockers of one row have a number of their own in the place of a transaction's.
        v_xids := v_xids || ARRAY(SELECT m.xid FROM pg_get_multixact_members(xmax) AS m);
    EXCEPTION WHEN OTHERS THEN
        NULL;
    END;
    SELECT l.pid, p.gid, p.prepared INTO v_lock FROM pg_catalog.pg_locks AS l
      LEFT JOIN pg_catalog.pg_prepared_xacts AS p ON p.transaction = l.transactionid
     WHERE l.locktype = 'transactionid' AND l.granted AND l.transactionid = ANY (v_xids) AND l.pid IS DISTINCT FROM pg_backend_pid() LIMIT 1;
    RETURN CASE WHEN NOT FOUND THEN NULL
                WHEN v_lock.pid IS NOT NULL THEN 'the open transaction of ' || o365_internal.session_name(v_lock.pid)
                ELSE format('prepared transaction %s of %s', v_lock.gid, to_char(v_lock.prepared, 'YYYY-MM-DD HH24:MI')) END;
END $$;
COMMENT ON FUNCTION o365_internal.locked_by(xid) IS
    'Who has a row locked, by the row''s xmax, in words; null when nobody has.';

CREATE OR REPLACE FUNCTION o365_internal.lane_waits(subscription_id bigint, next_at timestamptz, xmax xid) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    v_locked_by text := o365_internal.locked_by(xmax);
    v_card record;
BEGIN
    IF v_locked_by IS NOT NULL OR next_at IS NOT NULL THEN
        RETURN 'locked by ' || v_locked_by;
    END IF;
    SELECT o.enqueued_at, pg_visible_in_snapshot(o.xid, (SELECT f.snap FROM o365_internal.fed AS f ORDER BY f.n DESC LIMIT 1)) AS is_fed
      INTO v_card FROM o365_internal.outbox AS o WHERE o.subscription_id = lane_waits.subscription_id ORDER BY o.position LIMIT 1;
    RETURN CASE
        WHEN v_card.is_fed
        THEN format('its lane lost its time, which is a fault of this program: select o365.pause(%1$s), o365.resume(%1$s)', subscription_id)
        WHEN v_card.enqueued_at > now() - interval '15 seconds' THEN 'just sent'
        ELSE format('not handed to its lane: nothing was fed since %s', to_char(v_card.enqueued_at, 'YYYY-MM-DD HH24:MI')) END;
END $$;
COMMENT ON FUNCTION o365_internal.lane_waits(bigint, timestamptz, xid) IS
    'What keeps a lane with cards that is due (next_at) or has no time: who has it locked, by its row''s xmax; of one without a '
    'time also whether its cards were fed. Null when nobody has locked one that is due. SECURITY DEFINER for the views.';
