-- What a worker calls besides the delivery core (lanes.sql).

CREATE OR REPLACE FUNCTION o365_internal.living_workers(environment text) RETURNS SETOF integer
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT w.worker_id FROM o365_internal.worker AS w
                  WHERE w.stopped_at IS NULL AND w.seen_at > now() - interval '15 seconds' AND w.environment = $1;
END $$;
COMMENT ON FUNCTION o365_internal.living_workers(text) IS
    'The workers of an environment that were heard of within 15 s and have not ended.';

CREATE OR REPLACE FUNCTION o365_internal.keys_of_others(key_ids text[], environment text) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT array_agg(DISTINCT k.key_id) FROM o365_internal.living_workers($2) AS l
              JOIN o365_internal.worker AS w ON w.worker_id = l
             CROSS JOIN LATERAL unnest(w.key_ids) AS k (key_id) WHERE k.key_id <> ALL ($1));
END $$;
COMMENT ON FUNCTION o365_internal.keys_of_others(text[], text) IS
    'The keys that living workers of an environment have and that are not among key_ids; null when there is none, or '
    'key_ids is null.';

CREATE OR REPLACE FUNCTION o365_internal.worker_orders(worker integer, environment text) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN jsonb_build_object('worker', $1,
        'described', (SELECT w.key_ids IS NOT NULL FROM o365_internal.worker AS w WHERE w.worker_id = $1),
        'others', (SELECT count(*) FROM o365_internal.living_workers($2) AS l WHERE l <> $1),
        'sends', o365_internal.text_setting('environment') = $2 AND o365_internal.copied() IS NULL,
        'why', CASE WHEN o365_internal.text_setting('environment') <> $2 THEN format(
            'this worker is configured for environment %s, the database for %s: cards leave only where both say the same. '
            'If this database is %s: select o365.this_is(%L)', $2, o365_internal.text_setting('environment'), $2, $2)
            ELSE o365_internal.copied() || format('. Nothing is sent until you say what it is: select o365.this_is(%L)', $2) END,
        'lease_ms', o365_internal.integer_setting('lease_seconds') * 1000,
        'post_timeout_ms', o365_internal.integer_setting('post_timeout_seconds') * 1000,
        'public_url', o365_internal.text_setting('public_url'),
        'adaptive_card_version', nullif(o365_internal.text_setting('adaptive_card_version'), 'auto'),
        'rules', (SELECT jsonb_agg(jsonb_build_object('rule_id', r.rule_id, 'name', r.name, 'dialect', r.dialect, 'status_from', r.status_from,
                    'status_to', r.status_to, 'body_pattern', r.body_pattern, 'outcome', r.outcome) ORDER BY r.rule_id) FROM o365_internal.response_rule AS r),
        'hosts', (SELECT coalesce(jsonb_agg(jsonb_build_object('dialect', h.dialect, 'host', h.host, 'subdomains', h.subdomains, 'port', h.port,
                    'far_end', a.host)), '[]')
                    FROM o365_internal.webhook_host AS h
                    CROSS JOIN LATERAL o365_internal.allowed_hosts(ARRAY[CASE WHEN h.subdomains THEN 'any.' || h.host ELSE h.host END]) AS a));
END $$;
COMMENT ON FUNCTION o365_internal.worker_orders(integer, text) IS
    'All that a worker has to know, in one answer. sends is false, with why, for another environment and in a copy of the database. '
    'far_end of hosts: what their transfers are counted under.';

CREATE OR REPLACE FUNCTION o365_programs.worker_start(worker_name text, version text, environment text) RETURNS jsonb
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
COMMENT ON FUNCTION o365_programs.worker_start(text, text, text) IS
    'Registers a worker that starts and returns its number, whether it may send, lease, timeouts, response rules and allowed hosts.';

CREATE OR REPLACE FUNCTION o365_programs.worker_heartbeat(worker integer, environment text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM o365_internal.feed_again_if_restored();
    PERFORM o365_internal.tell_verdicts();
    UPDATE o365_internal.worker AS w
       SET seen_at = now(), stopped_at = NULL,
           leaves = o365_internal.keys_of_others(w.key_ids, worker_heartbeat.environment)
     WHERE w.worker_id = worker_heartbeat.worker;
    IF NOT FOUND AND worker > 0 THEN
        -- Its row is gone: deleted, or a dump of before it started was restored. Under the same number, which its
        -- leases have.
        INSERT INTO o365_internal.worker (worker_id, name, version, environment) OVERRIDING SYSTEM VALUE
            VALUES (worker, 'worker ' || worker, 'unknown', environment) ON CONFLICT DO NOTHING;
        PERFORM o365_internal.advance_sequences();
    END IF;
    RETURN o365_internal.worker_orders(worker, environment);
END $$;
COMMENT ON FUNCTION o365_programs.worker_heartbeat(integer, text) IS
    'Says that a worker is alive, every 5 s, and returns what worker_start does, as it is now. A worker whose row is '
    'gone is registered again; worker 0, which none has, only asks. described: whether it has said which keys it has '
    '(worker_describe). others: how many other workers of its environment are alive.';

CREATE OR REPLACE FUNCTION o365_programs.worker_describe(worker integer, worker_name text, version text, key_ids text[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE o365_internal.worker AS w
       SET name = worker_describe.worker_name, version = worker_describe.version, key_ids = worker_describe.key_ids,
           leaves = o365_internal.keys_of_others(worker_describe.key_ids, w.environment)
     WHERE w.worker_id = worker_describe.worker;
END $$;
COMMENT ON FUNCTION o365_programs.worker_describe(integer, text, text, text[]) IS
    'Says a worker''s name and version, and which keys its key file has: lanes whose webhook is sealed under another '
    'are left to a living worker that has it. Called when the orders say described: false.';

CREATE OR REPLACE FUNCTION o365_programs.worker_stop(worker integer, comes_back boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE o365_internal.worker AS w SET seen_at = now(), stopped_at = now(), comes_back = worker_stop.comes_back
     WHERE w.worker_id = worker_stop.worker;
END $$;
COMMENT ON FUNCTION o365_programs.worker_stop(integer, boolean) IS
    'Says that a worker ends in order. comes_back: it ran with --once, and is not missed for five minutes. One that does not say so and is not '
    'heard of for 15 s was killed or cut off: o365.health() and o365.queue tell.';

CREATE OR REPLACE FUNCTION o365_internal.workers_away() RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_last o365_internal.worker;
    v_environment text := o365_internal.text_setting('environment');
    v_copied text := o365_internal.copied();
BEGIN
    IF v_copied IS NOT NULL THEN
        RETURN v_copied || '; nothing is sent before select o365.this_is(...)';
    END IF;
    IF EXISTS (SELECT FROM o365_internal.worker AS w
                WHERE w.stopped_at IS NULL AND w.seen_at > now() - interval '15 seconds' AND w.environment = v_environment) THEN
        RETURN NULL;
    END IF;
    SELECT w.* INTO v_last FROM o365_internal.worker AS w
     WHERE w.stopped_at IS NULL AND w.seen_at > now() - interval '15 seconds' ORDER BY w.started_at DESC LIMIT 1;
    IF FOUND THEN
        RETURN format('no worker of environment %s: worker %s runs since %s and is configured for environment %s', v_environment,
                      v_last.name, to_char(v_last.started_at, 'YYYY-MM-DD HH24:MI'), v_last.environment);
    END IF;
    SELECT w.* INTO v_last FROM o365_internal.worker AS w ORDER BY w.seen_at DESC LIMIT 1;
    RETURN CASE
        WHEN v_last.worker_id IS NULL THEN 'no worker has ever run'
        WHEN v_last.comes_back AND v_last.seen_at > now() - interval '5 minutes'
        THEN format('the next run of o365-worker --once; the last one ended at %s', to_char(v_last.stopped_at, 'YYYY-MM-DD HH24:MI'))
        WHEN v_last.stopped_at IS NOT NULL
        THEN format('no worker since %s, when worker %s ended in order', to_char(v_last.stopped_at, 'YYYY-MM-DD HH24:MI'), v_last.name)
        ELSE format('no worker since %s, when worker %s was last heard of', to_char(v_last.seen_at, 'YYYY-MM-DD HH24:MI'), v_last.name) END;
END $$;
COMMENT ON FUNCTION o365_internal.workers_away() IS
    'Why no worker sends, in words with since when; null when one is alive that may. SECURITY DEFINER for the views.';

CREATE OR REPLACE FUNCTION o365_programs.worker_secrets(subscription_ids bigint[])
RETURNS TABLE (subscription_id bigint, secret_version integer, key_id text, sealed bytea)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT s.subscription_id, s.secret_version, s.key_id, s.sealed FROM o365_internal.subscription AS s
     WHERE s.subscription_id = ANY ($1) AND s.sealed IS NOT NULL;
END $$;
COMMENT ON FUNCTION o365_programs.worker_secrets(bigint[]) IS 'Sealed webhooks of subscriptions, those that have one. Only the key file opens them.';

CREATE OR REPLACE FUNCTION o365_programs.worker_adopt(subscription_id bigint, secret_version integer, key_id text, sealed bytea)
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
COMMENT ON FUNCTION o365_programs.worker_adopt(bigint, integer, text, bytea) IS
    'Puts the same secret, sealed under an active symmetric key, in place of what is there. False when it was renewed or removed meanwhile, '
    'another transaction has it locked, or the key is not known: the next opening tries again.';

CREATE OR REPLACE FUNCTION o365_programs.worker_outlook() RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off AS $$
DECLARE
    c_most CONSTANT integer := 1000;
    v_now timestamptz := clock_timestamp();
    v_due bigint;
    v_leased bigint;
    v_waiting bigint;
    v_next_at timestamptz;
BEGIN
    -- By the indexes on lanes that are due, held or in trouble; the first thousand of each say all that --once asks.
    v_due := (SELECT count(*) FROM (SELECT FROM o365_internal.lane AS l WHERE l.next_at <= v_now LIMIT c_most) AS l);
    SELECT count(*) FILTER (WHERE l.lease_until > v_now), count(*) FILTER (WHERE l.worker IS NULL), min(l.next_at) FILTER (WHERE l.worker IS NULL)
      INTO v_leased, v_waiting, v_next_at
      FROM (SELECT l.next_at, l.worker, l.lease_until FROM o365_internal.lane AS l WHERE l.next_at > v_now ORDER BY l.next_at LIMIT c_most) AS l;
    RETURN jsonb_build_object(
        'due', v_due + v_leased, 'waiting', v_waiting, 'next_at', v_next_at,
        'paused', (SELECT count(*) FROM (SELECT FROM o365_internal.lane AS l WHERE l.hold IN ('paused', 'pending') AND EXISTS (
                       SELECT FROM o365_internal.outbox AS o WHERE o.subscription_id = l.subscription_id) LIMIT c_most) AS l),
        'suspended', (SELECT count(*) FROM (SELECT FROM o365_internal.lane AS l WHERE l.hold = 'suspended' AND EXISTS (
                          SELECT FROM o365_internal.outbox AS o WHERE o.subscription_id = l.subscription_id) LIMIT c_most) AS l),
        'failing', (SELECT count(*) FROM (SELECT FROM o365_internal.lane AS l WHERE l.problem IS NOT NULL AND l.next_at IS NOT NULL
                        AND l.throttled_since IS NULL LIMIT c_most) AS l),
        'unfed', (SELECT EXISTS (SELECT FROM o365_internal.postponed) OR EXISTS (SELECT FROM o365_internal.feeding_again)
                      OR EXISTS (SELECT FROM o365_internal.outbox AS o WHERE o.xid >= pg_snapshot_xmax(f.snap))
                      OR EXISTS (SELECT FROM o365_internal.outbox AS o WHERE o.xid = ANY (ARRAY(SELECT pg_snapshot_xip(f.snap))))
                    FROM o365_internal.fed AS f ORDER BY f.n DESC LIMIT 1));
END $$;
COMMENT ON FUNCTION o365_programs.worker_outlook() IS
    'How many lanes are due or leased, wait for a time, wait paused or suspended with cards, or fail: of each at most about a '
    'thousand are counted; whether there are cards that no lane knows of yet; and when the next lane is due. For --once.';

CREATE OR REPLACE FUNCTION o365_programs.worker_add_key(
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
COMMENT ON FUNCTION o365_programs.worker_add_key(text, text, bytea, boolean) IS
    'Makes a key known: the public half of an RSA pair (kind public), or the name of a symmetric key (kind symmetric). New '
    'webhooks are sealed under the public key; another one that is in use is only put aside with replaces, and what it sealed '
    'stays as it is. A key that is known already is left as it is. Errors: object_not_in_prerequisite_state (another one is '
    'in use, or this one seals under another id), invalid_parameter_value (known with other bytes), and pgcrypto''s own.';

CREATE OR REPLACE FUNCTION o365_internal.sealed_rows(key_id text) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET enable_seqscan = off SET jit = off AS $$
BEGIN
    RETURN (SELECT count(*) FROM (SELECT FROM o365_internal.subscription AS s WHERE s.key_id = sealed_rows.key_id LIMIT 1000) AS s);
END $$;
COMMENT ON FUNCTION o365_internal.sealed_rows(text) IS
    'How many webhooks are sealed under a key; 1000 stands for so many or more. The index subscription_key finds in a '
    'millisecond that there is none.';

CREATE OR REPLACE FUNCTION o365_programs.worker_keys()
RETURNS TABLE (key_id text, kind text, active boolean, created_at timestamptz, backed_up_at timestamptz, sealed_rows bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT k.key_id, k.kind, k.active, k.created_at, k.backed_up_at, o365_internal.sealed_rows(k.key_id)
      FROM o365_internal.sealing_key AS k ORDER BY k.created_at, k.key_id;
END $$;
COMMENT ON FUNCTION o365_programs.worker_keys() IS
    'The keys by name, and how many webhooks are sealed under each; 1000 stands for so many or more.';

CREATE OR REPLACE FUNCTION o365_programs.worker_seal_probe(plain text) RETURNS TABLE (key_id text, sealed bytea)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_pair record := o365_internal.seal(plain);
BEGIN
    RETURN QUERY SELECT v_pair.key_id, v_pair.sealed;
END $$;
COMMENT ON FUNCTION o365_programs.worker_seal_probe(text) IS
    'Seals a text that is no secret the way a callback does: `o365-worker keys check` opens it again. Error: object_not_in_prerequisite_state '
    'when there is no key.';

CREATE OR REPLACE FUNCTION o365_programs.worker_key_backed_up(key_id text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE o365_internal.sealing_key AS k SET backed_up_at = now() WHERE k.key_id = worker_key_backed_up.key_id;
    RETURN FOUND;
END $$;
COMMENT ON FUNCTION o365_programs.worker_key_backed_up(text) IS 'Notes that the file with this key was backed up; o365.health() warns until then. False for an unknown key.';

CREATE OR REPLACE FUNCTION o365_programs.worker_unopenable(key_ids text[])
RETURNS TABLE (subscription_id bigint, connector text, app_user text, group_name text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN QUERY
    SELECT s.subscription_id, c.slug, s.app_user, s.group_name
      FROM o365_internal.subscription AS s
      JOIN o365_internal.connector AS c ON c.connector_id = s.connector_id
     WHERE s.sealed IS NOT NULL AND s.key_id <> ALL (worker_unopenable.key_ids)
     ORDER BY c.slug, s.app_user, s.subscription_id;
END $$;
COMMENT ON FUNCTION o365_programs.worker_unopenable(text[]) IS
    'The connections whose webhook is sealed under none of these keys, so that a key file with only these opens none of '
    'them. For `o365-worker keys generate --replace`. No row: every webhook can be opened.';
