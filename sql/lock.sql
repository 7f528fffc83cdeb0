-- Locks what the settings o365.lock_relations (names between blanks) and o365.lock_mode name, for the transaction that
-- upgrades or removes. Sessions queue behind a lock request that waits, so no attempt lasts longer than a second, the
-- first ones are much shorter, and other sessions proceed in between. If a lock cannot be had after some attempts, the
-- error names its holder and since when, but never a statement's text, which may contain cards.
DO $$
DECLARE
    v_owner name := current_user;
    v_mode text := current_setting('o365.lock_mode');
    v_relations regclass[] := string_to_array(current_setting('o365.lock_relations'), ' ')::regclass[];
    v_relation regclass;
    v_wait_ms integer := 200;
    v_holders text := 'somebody who has ended since';
    v_found text;
    v_vacuum boolean;
    v_pid integer;
    v_began timestamptz := clock_timestamp();
BEGIN
    FOR v_try IN 1 .. 5 LOOP
        BEGIN
            PERFORM set_config('lock_timeout', v_wait_ms || 'ms', true);
            FOREACH v_relation IN ARRAY v_relations LOOP
                IF (SELECT c.relkind FROM pg_catalog.pg_class AS c WHERE c.oid = v_relation) = 'v' THEN
                    -- This changes nothing. LOCK TABLE would also lock a view's tables.
                    EXECUTE format('ALTER VIEW %s OWNER TO %I', v_relation, v_owner);
                ELSE
                    EXECUTE format('LOCK TABLE %s IN %s MODE', v_relation, v_mode);
                END IF;
            END LOOP;
            PERFORM set_config('lock_timeout', '3s', true);
            RETURN;
        EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
            -- Here the locks are released again.
            NULL;
        END;
        -- The owner may not see other sessions, but the installing role may be able to.
        PERFORM set_config('role', 'none', true);
        PERFORM pg_stat_clear_snapshot();
        SELECT string_agg(h.who, '; '), bool_and(h.is_vacuum), min(h.pid) INTO v_found, v_vacuum, v_pid FROM (
            SELECT DISTINCT coalesce(a.backend_type = 'autovacuum worker', false) AS is_vacuum, l.pid,
                   CASE WHEN l.pid IS NULL THEN format('the prepared transaction %L', p.gid)
                        ELSE format('pid %s, role %s, application %L%s%s%s', l.pid, coalesce(a.usename, 'unknown'),
                                    coalesce(a.application_name, ''),
                                    ', ' || a.state, ', transaction since ' || a.xact_start::timestamptz(0),
                                    ', last statement since ' || a.query_start::timestamptz(0)) END AS who
              FROM pg_catalog.pg_locks AS l
              LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
              LEFT JOIN pg_catalog.pg_locks AS x ON l.pid IS NULL AND x.virtualtransaction = l.virtualtransaction
               AND x.locktype = 'transactionid' AND x.pid IS NULL
              LEFT JOIN pg_catalog.pg_prepared_xacts AS p ON p.transaction = x.transactionid
             WHERE l.granted AND l.locktype = 'relation' AND l.relation = ANY (v_relations)
               AND l.pid IS DISTINCT FROM pg_backend_pid()
               AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = current_database())
               -- Sessions that came since then proceed, and block nobody.
               AND (l.pid IS NULL OR a.xact_start IS NULL OR a.xact_start < v_began)
               AND (v_mode = 'ACCESS EXCLUSIVE' OR l.mode NOT IN ('AccessShareLock', 'RowShareLock'))) AS h;
        PERFORM set_config('role', v_owner, true);
        v_holders := coalesce(v_found, v_holders);
        -- Autovacuum yields to a session that has waited for deadlock_timeout.
        v_wait_ms := CASE WHEN v_vacuum THEN 1500 ELSE 200 * (v_try + 1) END;
        PERFORM pg_sleep(0.2);
    END LOOP;
    RAISE EXCEPTION 'tables of o365-connector are in use by %', v_holders
        USING ERRCODE = 'lock_not_available',
              HINT = concat('Nothing was changed. Try again when that transaction has ended',
                            '; select pg_terminate_backend(' || v_pid || ') ends it', '.');
END $$;
