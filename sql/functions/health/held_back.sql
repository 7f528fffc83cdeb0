CREATE OR REPLACE FUNCTION o365_internal.held_back(transactions bigint) RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- These columns are visible to every role; the start of another role's transaction is not.
    SELECT h.holder,
           format('its %s keeps dead rows of the last %s transactions from being removed, so the tables of the queue '
                  'grow', h.what, age(h.xmin)),
           h.next_step, h.since, NULL::bigint, NULL
      FROM (SELECT o365_internal.session_name(a.pid) AS holder, 'open transaction' AS what, a.backend_xmin AS xmin,
                   a.xact_start AS since,
                   format('End it, or: select pg_terminate_backend(%s)', a.pid) AS next_step
              FROM pg_catalog.pg_stat_activity AS a
             WHERE a.usesysid IS NOT NULL AND (a.datname = current_database() OR a.datname IS NULL)
               AND a.pid <> pg_backend_pid()
            UNION ALL
            SELECT 'prepared transaction ' || p.gid, 'age', p.transaction, p.prepared,
                   format('COMMIT PREPARED %L, or ROLLBACK PREPARED %1$L', p.gid)
              FROM pg_catalog.pg_prepared_xacts AS p WHERE p.database = current_database()
            UNION ALL
            SELECT 'replication slot ' || r.slot_name, 'position', r.xmin, NULL,
                   format('Start the standby that uses it, or: select pg_drop_replication_slot(%L)', r.slot_name)
              FROM pg_catalog.pg_replication_slots AS r) AS h
     WHERE h.xmin IS NOT NULL AND age(h.xmin) > $1 ORDER BY age(h.xmin) DESC LIMIT 3 $$;
COMMENT ON FUNCTION o365_internal.held_back(bigint) IS
    'Sessions, prepared transactions and replication slots, three at most, that hold back vacuum by more than so many '
    'transactions.';
