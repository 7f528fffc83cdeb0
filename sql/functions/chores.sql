-- Housekeeping. Each chore is a function o365_internal.chore_NAME() that returns what it did, null when there was nothing to
-- do, and runs in a block of its own: one that fails undoes none of the others and is tried again a minute later. They wait
-- 200 ms at most for a lock. Those that change the history's tables come last, because their locks last to the end.

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
        -- Not an advisory lock: every role that can connect could take that.
        LOCK TABLE o365_internal.turn_to_tidy IN SHARE ROW EXCLUSIVE MODE NOWAIT;
    EXCEPTION WHEN lock_not_available THEN
        RETURN '';
    END;
    FOR v_name, v_table IN SELECT c.name, c.of_table FROM (VALUES
        (1, 'abandon_attempts', NULL), (2, 'remove_unconfirmed', NULL), (3, 'end_card_actions', NULL),
        (4, 'forget_attempts', NULL), (5, 'forget_card_warnings', NULL), (6, 'forget_tickets', NULL),
        (7, 'forget_workers', NULL), (8, 'forget_rounds', NULL), (9, 'count_outcomes', NULL),
        (10, 'empty_default_partition', 'attempt'), (11, 'make_partitions', 'attempt'), (12, 'drop_partitions', 'attempt'),
        (13, 'empty_default_partition', 'delivery'), (14, 'make_partitions', 'delivery'), (15, 'drop_partitions', 'delivery')
    ) AS c (n, name, of_table) ORDER BY c.n
    LOOP
        -- Reports lock attempt before delivery, readers delivery before attempt: of the two one at a time.
        EXIT WHEN v_table = 'delivery' AND EXISTS (
            SELECT FROM pg_catalog.pg_locks AS l
             WHERE l.pid = pg_backend_pid() AND l.relation = 'o365_internal.attempt'::regclass
               AND l.mode IN ('ShareRowExclusiveLock', 'AccessExclusiveLock'));
        BEGIN
            EXECUTE format('SELECT o365_internal.%I(%s)', 'chore_' || v_name, coalesce(quote_literal(v_table), '')) INTO v_done;
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
    'Housekeeping, once a minute by whichever worker comes first: attempts to connect, unconfirmed connections and old rows '
    'are cleared away, the history''s partitions made and dropped by history_days, of its two tables one in a call. Returns '
    'what was done and what could not be done, empty when there was nothing to do or another worker is at it. One chore that '
    'fails stops no other; o365.health() tells of one that keeps failing.';

CREATE OR REPLACE FUNCTION o365_internal.note_chore(name text, problem text) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO o365_internal.chore AS c (name, done_at, problem)
        VALUES (note_chore.name, CASE WHEN note_chore.problem IS NULL THEN now() END, note_chore.problem)
        ON CONFLICT ON CONSTRAINT chore_pkey
        DO UPDATE SET done_at = coalesce(excluded.done_at, c.done_at), problem = excluded.problem;
END $$;
COMMENT ON FUNCTION o365_internal.note_chore(text, text) IS
    'Notes that a chore was done now (problem null) or why it could not be done.';

CREATE OR REPLACE FUNCTION o365_internal.chore_abandon_attempts() RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    v_n bigint;
BEGIN
    UPDATE o365_internal.connect_attempt AS a SET outcome = 'abandoned', consumed_at = a.expires_at
     WHERE a.attempt_id = ANY (ARRAY(SELECT o.attempt_id FROM o365_internal.connect_attempt AS o
                                      WHERE o.outcome IS NULL AND o.expires_at < now() - interval '1 hour'
                                      ORDER BY o.expires_at LIMIT 50000 FOR UPDATE SKIP LOCKED));
    GET DIAGNOSTICS v_n = ROW_COUNT;
    RETURN CASE WHEN v_n > 0 THEN 'swept ' || o365_internal.plural(v_n, 'abandoned attempt', 'abandoned attempts') END;
END $$;
COMMENT ON FUNCTION o365_internal.chore_abandon_attempts() IS
    'Ends attempts to connect that nobody came back from, at most 50,000.';

CREATE OR REPLACE FUNCTION o365_internal.chore_remove_unconfirmed() RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_n bigint := o365_internal.sweep_unconfirmed();
BEGIN
    RETURN CASE WHEN v_n > 0 THEN
        format('removed %s that nobody confirmed', o365_internal.plural(v_n, 'connection', 'connections')) END;
END $$;
COMMENT ON FUNCTION o365_internal.chore_remove_unconfirmed() IS 'Removes connections that nobody confirmed in time.';

CREATE OR REPLACE FUNCTION o365_internal.chore_end_card_actions() RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM o365_internal.sweep_actions();
    RETURN NULL;
END $$;
COMMENT ON FUNCTION o365_internal.chore_end_card_actions() IS 'Ends old links to card actions and drops what nobody has taken.';

CREATE OR REPLACE FUNCTION o365_internal.history_begins() RETURNS timestamptz
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN now() - make_interval(days => o365_internal.integer_setting('history_days'));
END $$;
COMMENT ON FUNCTION o365_internal.history_begins() IS 'What is older is forgotten: history_days ago.';

CREATE OR REPLACE FUNCTION o365_internal.chore_forget_attempts() RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    DELETE FROM o365_internal.connect_attempt AS a
     WHERE a.attempt_id = ANY (ARRAY(SELECT o.attempt_id FROM o365_internal.connect_attempt AS o
                                      WHERE o.started_at < o365_internal.history_begins()
                                      ORDER BY o.started_at LIMIT 50000 FOR UPDATE SKIP LOCKED));
    RETURN NULL;
END $$;
COMMENT ON FUNCTION o365_internal.chore_forget_attempts() IS 'Deletes attempts to connect older than history_days, at most 50,000.';

CREATE OR REPLACE FUNCTION o365_internal.chore_forget_card_warnings() RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM o365_internal.card_warning AS w WHERE w.at < o365_internal.history_begins();
    RETURN NULL;
END $$;
COMMENT ON FUNCTION o365_internal.chore_forget_card_warnings() IS 'Deletes warnings about cards older than history_days.';

CREATE OR REPLACE FUNCTION o365_internal.chore_forget_tickets() RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
BEGIN
    DELETE FROM o365_internal.ticket AS t
     WHERE t.ticket_hash = ANY (ARRAY(SELECT o.ticket_hash FROM o365_internal.ticket AS o
                                       WHERE o.expires_at < now() - interval '1 day'
                                       ORDER BY o.expires_at LIMIT 50000 FOR UPDATE SKIP LOCKED));
    RETURN NULL;
END $$;
COMMENT ON FUNCTION o365_internal.chore_forget_tickets() IS 'Deletes tickets that expired a day ago, at most 50,000.';

CREATE OR REPLACE FUNCTION o365_internal.chore_forget_workers() RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM o365_internal.worker AS w WHERE w.seen_at < o365_internal.history_begins();
    RETURN NULL;
END $$;
COMMENT ON FUNCTION o365_internal.chore_forget_workers() IS 'Deletes workers that were last seen before history_days.';

CREATE OR REPLACE FUNCTION o365_internal.chore_forget_rounds() RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    DELETE FROM o365_internal.fed AS f WHERE f.n < (SELECT max(g.n) - 100 FROM o365_internal.fed AS g);
    RETURN NULL;
END $$;
COMMENT ON FUNCTION o365_internal.chore_forget_rounds() IS 'Deletes rounds of arrivals but the last hundred.';

CREATE OR REPLACE FUNCTION o365_internal.chore_count_outcomes() RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    c_rows CONSTANT integer := 20000;
    v_counted o365_internal.counted;
    v_now timestamptz := clock_timestamp();
    v_writers text[] := o365_internal.holders('{o365_internal.delivery}');
    v_until timestamptz;
BEGIN
    SELECT u.* INTO v_counted FROM o365_internal.counted AS u FOR UPDATE;
    IF v_writers && v_counted.holders THEN
        RETURN NULL;
    END IF;
    -- Nobody who wrote history when this was last asked still does: of before that time no row will appear any more.
    SELECT d.at INTO v_until FROM o365_internal.delivery AS d
     WHERE d.at >= v_counted.until AND d.at < v_counted.asked_at ORDER BY d.at OFFSET c_rows LIMIT 1;
    v_until := greatest(coalesce(v_until, v_counted.asked_at), v_counted.until);
    INSERT INTO o365_internal.outcome_hour AS h (hour, connector_id, outcome, http_status, rule_id, cards)
        SELECT date_trunc('hour', d.at, 'UTC'), s.connector_id, d.outcome, coalesce(d.http_status, 0), coalesce(d.rule_id, 0), count(*)
          FROM o365_internal.delivery AS d JOIN o365_internal.subscription AS s ON s.subscription_id = d.subscription_id
         WHERE d.at >= v_counted.until AND d.at < v_until GROUP BY 1, 2, 3, 4, 5
        ON CONFLICT ON CONSTRAINT outcome_hour_pkey DO UPDATE SET cards = h.cards + excluded.cards;
    UPDATE o365_internal.counted AS u SET until = v_until, asked_at = v_now, holders = v_writers;
    DELETE FROM o365_internal.outcome_hour AS h WHERE h.hour < o365_internal.history_begins();
    RETURN NULL;
END $$;
COMMENT ON FUNCTION o365_internal.chore_count_outcomes() IS
    'Counts ends of cards into outcome_hour, at most 20,000, each once: only those of before a time at which everybody who '
    'wrote history has ended since.';

CREATE OR REPLACE FUNCTION o365_internal.outcomes_not_counted()
RETURNS TABLE (hour timestamptz, connector_id integer, outcome text, http_status integer, rule_id integer, cards bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 10 SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT date_trunc('hour', d.at, 'UTC'), s.connector_id, d.outcome, coalesce(d.http_status, 0), coalesce(d.rule_id, 0), count(*)
      FROM o365_internal.delivery AS d JOIN o365_internal.subscription AS s ON s.subscription_id = d.subscription_id
     WHERE d.at >= (SELECT u.until FROM o365_internal.counted AS u) GROUP BY 1, 2, 3, 4, 5;
END $$;
COMMENT ON FUNCTION o365_internal.outcomes_not_counted() IS
    'Ends of the last minutes, which outcome_hour does not have yet, as its rows. All connectors'': the view o365.outcomes, for '
    'which it is SECURITY DEFINER, leaves out those that its reader may not see.';

-- ---- the history's partitions ----
-- Whoever inserts locks the parent, then the partition: so does what follows. A reader that keeps its transaction open has
-- all of them, so nothing here can count on ever getting its lock: rows without a partition lie in the default partition,
-- where the views read them, and what is too old is deleted where it cannot be dropped.

CREATE OR REPLACE FUNCTION o365_internal.lock_history(of_table text, mode text) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET lock_timeout = '200ms' AS $$
DECLARE
    v_tables regclass[] := ARRAY[format('o365_internal.%I', of_table), format('o365_internal.%I', of_table || '_default')];
    v_before text[] := o365_internal.holders(v_tables);
BEGIN
    EXECUTE format('LOCK TABLE ONLY o365_internal.%I IN %s MODE', of_table, mode);
    EXECUTE format('LOCK TABLE o365_internal.%I IN ACCESS EXCLUSIVE MODE', of_table || '_default');
EXCEPTION WHEN lock_not_available THEN
    RAISE EXCEPTION '% has the history of % open', o365_internal.who_stays(v_before, o365_internal.holders(v_tables)),
            CASE of_table WHEN 'attempt' THEN 'attempts' ELSE 'deliveries' END
        USING ERRCODE = 'lock_not_available';
END $$;
COMMENT ON FUNCTION o365_internal.lock_history(text, text) IS
    'Locks a table of the history and then its default partition, so that reports wait until the transaction ends. Error: '
    'lock_not_available after 200 ms, which names who has it.';

CREATE OR REPLACE FUNCTION o365_internal.partition_name(of_table text, day date) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN of_table || to_char(day, '_YYYYMMDD');
END $$;
COMMENT ON FUNCTION o365_internal.partition_name(text, date) IS 'delivery_20261129: the name says the last day that is in it.';

CREATE OR REPLACE FUNCTION o365_internal.prepare_partition(name text) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
DECLARE
    v_role text;
BEGIN
    EXECUTE format('ALTER TABLE o365_internal.%I REPLICA IDENTITY FULL', name);
    FOR v_role IN SELECT g.role FROM o365_internal.grants_to_others() AS g WHERE g.object = format('TABLE o365_internal.%I', name) LOOP
        EXECUTE format('REVOKE ALL ON o365_internal.%I FROM %s CASCADE', name, v_role);
    END LOOP;
END $$;
COMMENT ON FUNCTION o365_internal.prepare_partition(text) IS
    'Gives a new partition what it does not take from its parent: a replica identity, so that rows can be deleted where all tables are published, '
    'and no grant that ALTER DEFAULT PRIVILEGES gave to somebody.';

CREATE OR REPLACE FUNCTION o365_internal.make_partition(of_table text, day date) RETURNS boolean
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET enable_seqscan = off AS $$
DECLARE
    v_name text := o365_internal.partition_name(of_table, day);
    v_rows bigint;
BEGIN
    IF to_regclass(format('o365_internal.%I', v_name)) IS NOT NULL THEN
        RETURN false;
    END IF;
    -- Before rows are moved: one that a report puts there meanwhile would forbid the new partition.
    PERFORM o365_internal.lock_history(of_table, 'SHARE ROW EXCLUSIVE');
    -- Reports wait meanwhile: a second is fair, a minute is not.
    EXECUTE format('SELECT count(*) FROM (SELECT FROM o365_internal.%I WHERE at >= %L AND at < %L LIMIT 50001) AS r',
                   of_table || '_default', day, day + 1) INTO v_rows;
    IF v_rows > 50000 THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE o365_internal.%I (LIKE o365_internal.%I INCLUDING DEFAULTS INCLUDING COMMENTS)', v_name, of_table);
    EXECUTE format('COMMENT ON TABLE o365_internal.%I IS %L', v_name, 'One day of ' || of_table || ', UTC.');
    PERFORM o365_internal.prepare_partition(v_name);
    EXECUTE format('WITH moved AS (DELETE FROM o365_internal.%1$I WHERE at >= %3$L AND at < %4$L RETURNING *)
                    INSERT INTO o365_internal.%2$I SELECT * FROM moved', of_table || '_default', v_name, day, day + 1);
    EXECUTE format('ALTER TABLE o365_internal.%I ATTACH PARTITION o365_internal.%I FOR VALUES FROM (%L) TO (%L)',
                   of_table, v_name, day, day + 1);
    RETURN true;
END $$;
COMMENT ON FUNCTION o365_internal.make_partition(text, date) IS
    'Makes the partition of one day, midnight to midnight UTC, and moves that day''s rows from the default partition into it; '
    'false when it is there, or when more than 50,000 rows of the day lie in the default partition. Error: '
    'lock_not_available when somebody has the history open.';

CREATE OR REPLACE FUNCTION o365_internal.make_partitions(of_table text, days integer) RETURNS integer
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    v_made integer := 0;
    v_day date;
BEGIN
    FOR v_day IN SELECT current_date + d FROM generate_series(0, days) AS d LOOP
        v_made := v_made + o365_internal.make_partition(of_table, v_day)::integer;
    END LOOP;
    RETURN v_made;
END $$;
COMMENT ON FUNCTION o365_internal.make_partitions(text, integer) IS
    'Makes the partitions of today and that many days more; returns how many were missing. Error: lock_not_available.';

CREATE OR REPLACE FUNCTION o365_internal.make_partitions(days integer) RETURNS integer
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN o365_internal.make_partitions('attempt', days) + o365_internal.make_partitions('delivery', days);
END $$;
COMMENT ON FUNCTION o365_internal.make_partitions(integer) IS 'The same for both tables of the history: on installing.';

CREATE OR REPLACE FUNCTION o365_internal.chore_make_partitions(of_table text) RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_made integer := o365_internal.make_partitions(of_table, 2);
BEGIN
    RETURN CASE WHEN v_made > 0 THEN format('made %s of %s', o365_internal.plural(v_made, 'partition', 'partitions'), of_table) END;
END $$;
COMMENT ON FUNCTION o365_internal.chore_make_partitions(text) IS 'Makes the partitions of today and the next two days.';

CREATE OR REPLACE FUNCTION o365_internal.set_default_aside(of_table text) RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET enable_seqscan = off AS $$
DECLARE
    v_default text := of_table || '_default';
    v_name text;
    v_first date;
    v_last date;
BEGIN
    PERFORM o365_internal.lock_history(of_table, 'ACCESS EXCLUSIVE');
    EXECUTE format('SELECT min(at)::date, max(at)::date FROM o365_internal.%I', v_default) INTO v_first, v_last;
    IF EXISTS (SELECT FROM generate_series(v_first, v_last, interval '1 day') AS d
                WHERE to_regclass(format('o365_internal.%I', o365_internal.partition_name(of_table, d::date))) IS NOT NULL) THEN
        RETURN NULL;
    END IF;
    v_name := o365_internal.partition_name(of_table, v_last);
    EXECUTE format('ALTER TABLE o365_internal.%I DETACH PARTITION o365_internal.%I', of_table, v_default);
    EXECUTE format('ALTER TABLE o365_internal.%I RENAME TO %I', v_default, v_name);
    EXECUTE format('COMMENT ON TABLE o365_internal.%I IS %L', v_name,
                   format('%s from %s to %s, UTC: the default partition of those days.', of_table, v_first, v_last));
    EXECUTE format('CREATE TABLE o365_internal.%I PARTITION OF o365_internal.%I DEFAULT', v_default, of_table);
    PERFORM o365_internal.prepare_partition(v_default);
    EXECUTE format('COMMENT ON TABLE o365_internal.%I IS %L', v_default,
                   'Where rows go when no partition was made for their day; empty otherwise.');
    EXECUTE format('ALTER TABLE o365_internal.%I ATTACH PARTITION o365_internal.%I FOR VALUES FROM (%L) TO (%L)',
                   of_table, v_name, v_first, v_last + 1);
    RETURN v_name;
END $$;
COMMENT ON FUNCTION o365_internal.set_default_aside(text) IS
    'Makes the default partition the partition of the days that are in it, and an empty one in its place: no row is moved, so '
    'reports wait for one scan only. Returns the partition''s name; null when days between have partitions. Error: '
    'lock_not_available.';

CREATE OR REPLACE FUNCTION o365_internal.chore_empty_default_partition(of_table text) RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET enable_seqscan = off AS $$
DECLARE
    v_default text := of_table || '_default';
    v_begins date := current_date - o365_internal.integer_setting('history_days');
    v_rows bigint;
    v_aside text;
    v_day date;
    v_moved integer := 0;
    v_left integer := 0;
BEGIN
    EXECUTE format('SELECT count(*) FROM (SELECT FROM o365_internal.%I WHERE at >= %L LIMIT 50001) AS r', v_default, v_begins)
       INTO v_rows;
    IF v_rows > 50000 THEN
        v_aside := o365_internal.set_default_aside(of_table);
    END IF;
    IF v_rows = 0 OR v_aside IS NOT NULL THEN
        RETURN CASE WHEN v_aside IS NOT NULL THEN format('made %s of %s', v_aside, v_default) END;
    END IF;
    PERFORM o365_internal.lock_history(of_table, 'SHARE ROW EXCLUSIVE');
    LOOP
        EXECUTE format('SELECT min(at)::date FROM o365_internal.%I WHERE at >= %L', v_default, coalesce(v_day + 1, v_begins))
           INTO v_day;
        EXIT WHEN v_day IS NULL;
        -- Of a day that has a partition PostgreSQL lets no row in here: false says that there are too many rows to move.
        IF o365_internal.make_partition(of_table, v_day) THEN
            v_moved := v_moved + 1;
        ELSE
            v_left := v_left + 1;
        END IF;
    END LOOP;
    RETURN format('moved %s from %s into partitions', o365_internal.plural(v_moved, 'day', 'days'), v_default)
        || CASE WHEN v_left > 0 THEN format(' and left %s there, each with more than 50000 rows',
                                            o365_internal.plural(v_left, 'day', 'days')) ELSE '' END;
END $$;
COMMENT ON FUNCTION o365_internal.chore_empty_default_partition(text) IS
    'Moves what lies in a default partition into partitions, every day of it but those that are too old, which are deleted. '
    'Returns what was done; null when there was nothing. Error: lock_not_available.';

CREATE OR REPLACE FUNCTION o365_internal.delete_some(of_partition text, before timestamptz) RETURNS bigint
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET enable_sort = off AS $$
DECLARE
    v_n bigint;
BEGIN
    EXECUTE format('DELETE FROM o365_internal.%1$I WHERE ctid = ANY (ARRAY(SELECT ctid FROM o365_internal.%1$I
                    WHERE at < %2$L ORDER BY at LIMIT 10000))', of_partition, before);
    GET DIAGNOSTICS v_n = ROW_COUNT;
    RETURN v_n;
END $$;
COMMENT ON FUNCTION o365_internal.delete_some(text, timestamptz) IS
    'Deletes the first rows of a partition that are older, at most 10,000, and returns how many. Needs no lock that a reader '
    'has.';

CREATE OR REPLACE FUNCTION o365_internal.chore_drop_partitions(of_table text) RETURNS text
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET lock_timeout = '200ms' AS $$
DECLARE
    v_begins date := current_date - o365_internal.integer_setting('history_days');
    v_partition name;
    v_tables regclass[];
    v_before text[];
    v_is_open boolean := false;
    v_n bigint;
    v_done text[] := '{}';
BEGIN
    v_n := o365_internal.delete_some(of_table || '_default', v_begins);
    IF v_n > 0 THEN
        v_done := v_done || format('deleted %s of %s', o365_internal.plural(v_n, 'row', 'rows'), of_table || '_default');
    END IF;
    FOR v_partition IN
        SELECT c.relname FROM pg_catalog.pg_inherits AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid
         WHERE i.inhparent = format('o365_internal.%I', of_table)::regclass
           AND c.relname ~ '_[0-9]{8}$' AND to_date(right(c.relname, 8), 'YYYYMMDD') < v_begins ORDER BY 1
    LOOP
        IF NOT v_is_open THEN
            v_tables := ARRAY[format('o365_internal.%I', of_table), format('o365_internal.%I', v_partition)];
            v_before := o365_internal.holders(v_tables);
            BEGIN
                EXECUTE format('DROP TABLE o365_internal.%I', v_partition);
                v_done := v_done || format('dropped %s', v_partition);
            EXCEPTION WHEN lock_not_available THEN
                -- Each try makes reports wait: one is enough.
                v_is_open := true;
                v_done := v_done || format('left %s for later: %s has it open', v_partition,
                                           o365_internal.who_stays(v_before, o365_internal.holders(v_tables)));
            END;
        END IF;
        -- A dump is waited for. A reader that stays keeps the table, not the rows.
        IF v_is_open AND to_date(right(v_partition, 8), 'YYYYMMDD') < v_begins - 1 THEN
            v_n := o365_internal.delete_some(v_partition, v_begins);
            IF v_n > 0 THEN
                v_done := v_done || format('deleted %s of %s', o365_internal.plural(v_n, 'row', 'rows'), v_partition);
                EXIT;
            END IF;
        END IF;
    END LOOP;
    RETURN nullif(array_to_string(v_done, ', '), '');
END $$;
COMMENT ON FUNCTION o365_internal.chore_drop_partitions(text) IS
    'Drops partitions of days before history_days. While a reader has one open for more than a day its rows are deleted '
    'instead, 10,000 a minute, and so are old rows of the default partition.';
