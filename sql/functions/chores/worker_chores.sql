CREATE OR REPLACE FUNCTION o365_programs.worker_chores(worker integer) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
SET lock_timeout = '200ms' SET jit = off AS $$
DECLARE
    v_name text;
    v_table text;
    v_done text;
    v_said text[] := '{}';
BEGIN
    BEGIN
        -- Not an advisory lock, because every role that can connect could take one.
        LOCK TABLE o365_internal.turn_to_tidy IN SHARE ROW EXCLUSIVE MODE NOWAIT;
    EXCEPTION WHEN lock_not_available THEN
        RETURN '';
    END;
    FOR v_name, v_table IN SELECT c.name, c.of_table FROM (VALUES
        (1, 'abandon_attempts', NULL), (2, 'remove_unconfirmed', NULL), (3, 'end_card_actions', NULL),
        (4, 'forget_attempts', NULL), (5, 'forget_card_warnings', NULL), (6, 'forget_tickets', NULL),
        (7, 'forget_workers', NULL), (8, 'forget_rounds', NULL), (9, 'count_outcomes', NULL),
        (10, 'resume_paused', NULL), (11, 'find_idle', NULL), (12, 'forget_untaken_events', NULL),
        (13, 'sweep_removed', NULL), (14, 'forget_options', NULL), (15, 'fold_late', NULL),
        (16, 'forget_webhooks', NULL),
        (20, 'empty_default_partition', 'attempt'), (21, 'make_partitions', 'attempt'),
        (22, 'drop_partitions', 'attempt'),
        (23, 'empty_default_partition', 'delivery'), (24, 'make_partitions', 'delivery'),
        (25, 'drop_partitions', 'delivery'),
        (26, 'empty_default_partition', 'event'), (27, 'make_partitions', 'event'), (28, 'drop_partitions', 'event')
    ) AS c (n, name, of_table) ORDER BY c.n
    LOOP
        -- Reports lock attempt before delivery before event, readers in any order: one of them at a time.
        EXIT WHEN v_table IN ('delivery', 'event') AND EXISTS (
            SELECT FROM pg_catalog.pg_locks AS l
             WHERE l.pid = pg_backend_pid()
               AND l.relation IN ('o365_internal.attempt'::regclass,
                                  CASE v_table WHEN 'event' THEN 'o365_internal.delivery'::regclass END)
               AND l.mode IN ('ShareRowExclusiveLock', 'AccessExclusiveLock'));
        BEGIN
            EXECUTE format('SELECT o365_internal.%I(%s)', 'chore_' || v_name, coalesce(quote_literal(v_table), ''))
                INTO v_done;
            v_name := replace(concat_ws(' of ', v_name, v_table), '_', ' ');
            PERFORM o365_internal.note_chore(v_name, NULL);
        EXCEPTION WHEN OTHERS THEN
            v_name := replace(concat_ws(' of ', v_name, v_table), '_', ' ');
            v_done := format('could not %s: %s', v_name, SQLERRM);
            PERFORM o365_internal.note_chore(v_name, SQLERRM);
        END;
        v_said := v_said || v_done;
    END LOOP;
    RETURN array_to_string(v_said, ', ');
END $$;
COMMENT ON FUNCTION o365_programs.worker_chores(integer) IS
    'Housekeeping, once a minute by whichever worker comes first: attempts to connect, unconfirmed connections and old '
    'rows are cleared away, the history''s partitions made and dropped by history_days, one of its three tables in '
    'each call. Returns what was done and what could not be done, empty when there was nothing to do or another worker '
    'is doing it. One chore that fails stops no other; o365.health() tells of one that keeps failing.';
