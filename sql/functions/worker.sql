-- What a worker calls besides the delivery core (lanes.sql).

CREATE OR REPLACE FUNCTION o365_internal.worker_orders(worker integer, environment text) RETURNS jsonb
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT jsonb_build_object('worker', $1,
        'sends', o365_internal.text_setting('environment') = $2,
        'why', CASE WHEN o365_internal.text_setting('environment') <> $2 THEN format(
            'this worker is configured for environment %s, the database for %s: cards leave only where both say the same. '
            'If this is no copy, select o365.set(''environment'', %L)', $2, o365_internal.text_setting('environment'), $2) END,
        'lease_ms', o365_internal.integer_setting('lease_seconds') * 1000,
        'post_timeout_ms', o365_internal.integer_setting('post_timeout_seconds') * 1000,
        'public_url', o365_internal.text_setting('public_url'),
        'adaptive_card_version', nullif(o365_internal.text_setting('adaptive_card_version'), 'auto'),
        'rules', (SELECT jsonb_agg(jsonb_build_object('rule_id', r.rule_id, 'name', r.name, 'dialect', r.dialect, 'status_from', r.status_from,
                    'status_to', r.status_to, 'body_pattern', r.body_pattern, 'outcome', r.outcome) ORDER BY r.rule_id) FROM o365_internal.response_rule AS r),
        'hosts', (SELECT coalesce(jsonb_agg(jsonb_build_object('dialect', h.dialect, 'host', h.host, 'subdomains', h.subdomains, 'port', h.port)), '[]')
                    FROM o365_internal.webhook_host AS h)) $$;
COMMENT ON FUNCTION o365_internal.worker_orders(integer, text) IS 'All that a worker has to know, in one answer.';

CREATE OR REPLACE FUNCTION o365.worker_start(worker_name text, version text, environment text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    v_worker integer;
BEGIN
    PERFORM o365_internal.feed_again_if_restored();
    INSERT INTO o365_internal.worker (name, version, environment) VALUES (worker_start.worker_name, worker_start.version, worker_start.environment)
        RETURNING worker_id INTO v_worker;
    RETURN o365_internal.worker_orders(v_worker, worker_start.environment);
END $$;
COMMENT ON FUNCTION o365.worker_start(text, text, text) IS
    'Registers a worker that starts and returns its number, whether it may send, lease, timeouts, response rules and allowed hosts.';

CREATE OR REPLACE FUNCTION o365.worker_heartbeat(worker integer, environment text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM o365_internal.feed_again_if_restored();
    UPDATE o365_internal.worker AS w SET seen_at = now() WHERE w.worker_id = worker_heartbeat.worker;
    RETURN o365_internal.worker_orders(worker, environment);
END $$;
COMMENT ON FUNCTION o365.worker_heartbeat(integer, text) IS 'Says that a worker is alive, every 5 s, and returns what worker_start does, as it is now.';

CREATE OR REPLACE FUNCTION o365.worker_secrets(subscription_ids bigint[])
RETURNS TABLE (subscription_id bigint, secret_version integer, key_id text, sealed bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT s.subscription_id, s.secret_version, s.key_id, s.sealed FROM o365_internal.subscription AS s
     WHERE s.subscription_id = ANY ($1) AND s.sealed IS NOT NULL $$;
COMMENT ON FUNCTION o365.worker_secrets(bigint[]) IS 'Sealed webhooks of subscriptions, those that have one. Only the key file opens them.';

CREATE OR REPLACE FUNCTION o365.worker_adopt(subscription_id bigint, secret_version integer, key_id text, sealed bytea)
RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
BEGIN
    PERFORM FROM o365_internal.subscription AS s
      WHERE s.subscription_id = worker_adopt.subscription_id AND s.secret_version = worker_adopt.secret_version
        AND s.sealed IS NOT NULL
        AND EXISTS (SELECT FROM o365_internal.sealing_key AS k
                     WHERE k.key_id = worker_adopt.key_id AND k.kind = 'symmetric' AND k.active)
        FOR UPDATE OF s SKIP LOCKED;
    IF FOUND THEN
        UPDATE o365_internal.subscription AS s SET sealed = worker_adopt.sealed, key_id = worker_adopt.key_id
         WHERE s.subscription_id = worker_adopt.subscription_id;
        RETURN true;
    END IF;
    RETURN false;
END $$;
COMMENT ON FUNCTION o365.worker_adopt(bigint, integer, text, bytea) IS
    'Puts the same secret, sealed under an active symmetric key, in place of what is there. False when it was renewed or removed meanwhile, '
    'another transaction has it locked, or the key is not known: the next opening tries again.';

CREATE OR REPLACE FUNCTION o365.worker_outlook() RETURNS jsonb
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT jsonb_build_object(
        'due', count(*) FILTER (WHERE l.next_at <= clock_timestamp() OR l.lease_until > clock_timestamp()),
        'waiting', count(*) FILTER (WHERE l.next_at > clock_timestamp() AND l.worker IS NULL),
        'paused', count(*) FILTER (WHERE l.hold IN ('paused', 'pending') AND q.has_cards),
        'suspended', count(*) FILTER (WHERE l.hold = 'suspended' AND q.has_cards),
        'failing', count(*) FILTER (WHERE l.problem IS NOT NULL AND l.next_at IS NOT NULL),
        'unfed', (SELECT EXISTS (SELECT FROM o365_internal.postponed) OR EXISTS (
                      SELECT FROM o365_internal.outbox AS o WHERE o.xid >= pg_snapshot_xmax(f.snap)
                          OR o.xid = ANY (ARRAY(SELECT pg_snapshot_xip(f.snap))))
                    FROM o365_internal.fed AS f ORDER BY f.n DESC LIMIT 1),
        'next_at', min(l.next_at) FILTER (WHERE l.next_at > clock_timestamp() AND l.worker IS NULL))
      FROM o365_internal.lane AS l
      CROSS JOIN LATERAL (SELECT l.hold IS NOT NULL AND EXISTS (
          SELECT FROM o365_internal.outbox AS o WHERE o.subscription_id = l.subscription_id) AS has_cards) AS q $$;
COMMENT ON FUNCTION o365.worker_outlook() IS
    'How many lanes are due or leased, wait for a time, wait paused or suspended with cards, or fail; whether there are cards '
    'that no lane knows of yet; and when the next lane is due. For --once.';

CREATE OR REPLACE FUNCTION o365_internal.make_partition(of_table text, day date) RETURNS boolean
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET lock_timeout = '200ms' AS $$
DECLARE
    v_name text := of_table || to_char(day, '_YYYYMMDD');
BEGIN
    IF to_regclass(format('o365_internal.%I', v_name)) IS NOT NULL THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE TABLE o365_internal.%I (LIKE o365_internal.%I INCLUDING DEFAULTS INCLUDING COMMENTS)', v_name, of_table);
    EXECUTE format('COMMENT ON TABLE o365_internal.%I IS %L', v_name, 'One day of ' || of_table || ', UTC.');
    -- Rows that came before their day had a partition move into it; the default partition could not be left with them.
    EXECUTE format('WITH moved AS (DELETE FROM o365_internal.%1$I WHERE at >= %3$L AND at < %4$L RETURNING *)
                    INSERT INTO o365_internal.%2$I SELECT * FROM moved', of_table || '_default', v_name, day, day + 1);
    EXECUTE format('ALTER TABLE o365_internal.%I ATTACH PARTITION o365_internal.%I FOR VALUES FROM (%L) TO (%L)',
                   of_table, v_name, day, day + 1);
    RETURN true;
END $$;
COMMENT ON FUNCTION o365_internal.make_partition(text, date) IS
    'Makes the partition of one day, midnight to midnight UTC; false when it is there. Error: lock_not_available when '
    'somebody reads the history just now.';

CREATE OR REPLACE FUNCTION o365_internal.make_partitions(days integer) RETURNS integer
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
    SELECT (count(*) FILTER (WHERE o365_internal.make_partition(t.name, d::date)))::integer
      FROM (VALUES ('attempt'), ('delivery')) AS t (name),
           generate_series(current_date, current_date + $1, interval '1 day') AS d $$;
COMMENT ON FUNCTION o365_internal.make_partitions(integer) IS
    'Makes the daily partitions of the history from today on; returns how many were missing. Error: lock_not_available.';

CREATE OR REPLACE FUNCTION o365.worker_chores(worker integer) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC'
SET lock_timeout = '200ms' AS $$
DECLARE
    v_days integer := o365_internal.integer_setting('history_days');
    v_partition name;
    v_n bigint;
    v_done text[] := '{}';
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('o365.worker_chores')) THEN
        RETURN '';
    END IF;
    -- Whoever reads the history, a dump for one, must not make reports wait behind our lock: the next minute tries again.
    BEGIN
        v_n := o365_internal.make_partitions(2);
        IF v_n > 0 THEN
            v_done := v_done || format('made %s partitions', v_n);
        END IF;
    EXCEPTION WHEN lock_not_available THEN
        v_done := v_done || 'left the making of partitions for later: somebody reads the history'::text;
    END;
    FOR v_partition IN
        SELECT c.relname FROM pg_catalog.pg_inherits AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid
         WHERE i.inhparent IN ('o365_internal.attempt'::regclass, 'o365_internal.delivery'::regclass)
           AND c.relname ~ '_[0-9]{8}$' AND to_date(right(c.relname, 8), 'YYYYMMDD') < current_date - v_days
    LOOP
        BEGIN
            EXECUTE format('DROP TABLE o365_internal.%I', v_partition);
            v_done := v_done || format('dropped %s', v_partition);
        EXCEPTION WHEN lock_not_available THEN
            v_done := v_done || format('left %s for later: somebody reads it', v_partition);
        END;
    END LOOP;
    UPDATE o365_internal.connect_attempt AS a SET outcome = 'abandoned', consumed_at = a.expires_at
     WHERE a.outcome IS NULL AND a.expires_at < now() - interval '1 hour';
    GET DIAGNOSTICS v_n = ROW_COUNT;
    IF v_n > 0 THEN
        v_done := v_done || format('swept %s abandoned attempts', v_n);
    END IF;
    v_n := o365_internal.sweep_unconfirmed();
    IF v_n > 0 THEN
        v_done := v_done || format('removed %s connections that nobody confirmed', v_n);
    END IF;
    DELETE FROM o365_internal.connect_attempt AS a WHERE a.started_at < now() - make_interval(days => v_days);
    DELETE FROM o365_internal.card_warning AS w WHERE w.at < now() - make_interval(days => v_days);
    PERFORM o365_internal.sweep_actions();
    DELETE FROM o365_internal.ticket AS t WHERE t.expires_at < now() - interval '1 day';
    DELETE FROM o365_internal.worker AS w WHERE w.seen_at < now() - make_interval(days => v_days);
    DELETE FROM o365_internal.fed AS f WHERE f.n < (SELECT max(g.n) - 100 FROM o365_internal.fed AS g);
    RETURN array_to_string(v_done, ', ');
END $$;
COMMENT ON FUNCTION o365.worker_chores(integer) IS
    'Housekeeping, once a minute by whichever worker comes first: partitions made and dropped by history_days, open '
    'attempts swept, '
    'unconfirmed connections removed, old rows deleted. Returns what was done, empty when nothing.';

CREATE OR REPLACE FUNCTION o365.worker_add_key(
    key_id text, kind text, public_key bytea DEFAULT NULL, replaces boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_other text;
BEGIN
    IF kind = 'symmetric' THEN
        INSERT INTO o365_internal.sealing_key AS k (key_id, kind) VALUES (worker_add_key.key_id, 'symmetric')
            ON CONFLICT ON CONSTRAINT sealing_key_pkey DO NOTHING;
        RETURN;
    END IF;
    -- One at a time: of two hosts that make a key at the same moment the second is refused.
    LOCK TABLE o365_internal.sealing_key IN SHARE ROW EXCLUSIVE MODE;
    SELECT k.key_id INTO v_other FROM o365_internal.sealing_key AS k
     WHERE k.kind = 'public' AND k.active AND k.key_id <> worker_add_key.key_id;
    IF v_other IS NOT NULL AND NOT replaces THEN
        RAISE EXCEPTION 'webhooks are sealed under key % already', v_other
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Copy the key file that holds it to this host and run o365-worker keys check. To seal new webhooks '
                         'under this host''s own key instead: o365-worker keys add --replace';
    END IF;
    IF EXISTS (SELECT FROM o365_internal.sealing_key AS k
                WHERE k.key_id = worker_add_key.key_id AND k.public_key IS DISTINCT FROM worker_add_key.public_key) THEN
        RAISE EXCEPTION 'key % is known with other bytes', key_id
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Keys are never replaced: o365-worker keys list';
    END IF;
    UPDATE o365_internal.sealing_key AS k SET active = false WHERE k.kind = 'public' AND k.key_id <> worker_add_key.key_id;
    INSERT INTO o365_internal.sealing_key AS k (key_id, kind, public_key)
        VALUES (worker_add_key.key_id, worker_add_key.kind, worker_add_key.public_key)
        ON CONFLICT ON CONSTRAINT sealing_key_pkey DO UPDATE SET active = true;
    -- Seals once: bytes that are no key, or another key's, end the transaction.
    PERFORM o365_internal.seal('probe');
END $$;
COMMENT ON FUNCTION o365.worker_add_key(text, text, bytea, boolean) IS
    'Makes a key known: the public half of an RSA pair (kind public), or the name of a symmetric key (kind symmetric). New '
    'webhooks are sealed under the public key; another one that is in use is only put aside with replaces, and what it sealed '
    'stays as it is. A key that is known already is left as it is. Errors: object_not_in_prerequisite_state (another one is '
    'in use, or this one seals under another id), invalid_parameter_value (known with other bytes), and pgcrypto''s own.';

CREATE OR REPLACE FUNCTION o365.worker_keys()
RETURNS TABLE (key_id text, kind text, active boolean, created_at timestamptz, backed_up_at timestamptz, sealed_rows bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT k.key_id, k.kind, k.active, k.created_at, k.backed_up_at,
           (SELECT count(*) FROM o365_internal.subscription AS s WHERE s.key_id = k.key_id)
      FROM o365_internal.sealing_key AS k ORDER BY k.created_at, k.key_id $$;
COMMENT ON FUNCTION o365.worker_keys() IS 'The keys by name, and how many webhooks are sealed under each.';

CREATE OR REPLACE FUNCTION o365.worker_seal_probe(plain text) RETURNS TABLE (key_id text, sealed bytea)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_pair record := o365_internal.seal(plain);
BEGIN
    RETURN QUERY SELECT v_pair.key_id, v_pair.sealed;
END $$;
COMMENT ON FUNCTION o365.worker_seal_probe(text) IS
    'Seals a text that is no secret the way a callback does: `o365-worker keys check` opens it again. Error: object_not_in_prerequisite_state '
    'when there is no key.';

CREATE OR REPLACE FUNCTION o365.worker_key_backed_up(key_id text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE o365_internal.sealing_key AS k SET backed_up_at = now() WHERE k.key_id = worker_key_backed_up.key_id;
    RETURN FOUND;
END $$;
COMMENT ON FUNCTION o365.worker_key_backed_up(text) IS 'Notes that the file with this key was backed up; o365.health() warns until then. False for an unknown key.';
