CREATE OR REPLACE FUNCTION o365.forecast(subscription_id bigint, n integer DEFAULT 1)
RETURNS TABLE (cards integer, waiting bigint, first_at timestamptz, last_at timestamptz, words text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
#variable_conflict use_column
DECLARE
    c_steps CONSTANT integer := 10000;   -- cards that are followed one by one; the others leave at the slowest rate
    v_now timestamptz := clock_timestamp();
    v_s o365_internal.subscription;
    v_l o365_internal.lane;
    v_host o365_internal.host;
    v_start timestamptz := v_now;
    v_run timestamptz;    -- when its schedule folds them into a digest, one POST
    v_before bigint;      -- POSTs before the first of them
    v_posts integer;      -- and theirs
    v_limits o365_internal.quota_limits;
    v_most integer[];
    v_times double precision[];   -- of POSTs, in seconds after now: those that were made, then those to come
    v_t double precision := 0;
    v_first double precision := 0;
    v_late integer;               -- the window that delays the last card
    v_of integer := 0;
    v_blocked text;
BEGIN
    SELECT s.* INTO v_s FROM o365_internal.subscription AS s WHERE s.subscription_id = $1
       AND s.connector_id = ANY (o365_internal.visible_connectors());
    IF v_s.subscription_id IS NULL THEN
        RAISE EXCEPTION 'there is no connection % that role % may see', coalesce($1::text, 'NULL'), session_user
            USING ERRCODE = 'insufficient_privilege', HINT = 'select * from o365.subscriptions lists them.';
    ELSIF n IS NULL OR n NOT BETWEEN 1 AND 1000000 THEN
        RAISE EXCEPTION 'a forecast for % cards cannot be made', coalesce(n::text, 'NULL')
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Ask for 1 to 1,000,000.';
    END IF;
    SELECT l.* INTO v_l FROM o365_internal.lane AS l WHERE l.subscription_id = $1 ORDER BY l.lease_no DESC LIMIT 1;
    SELECT h.* INTO v_host FROM o365_internal.host AS h WHERE h.host_id = v_l.host_id;
    cards := n;
    waiting := (SELECT count(*) FROM (SELECT FROM o365_internal.outbox AS o
                                       WHERE o.subscription_id = $1 LIMIT 1000001) AS o);
    v_blocked := CASE
        WHEN v_s.status IN ('removed', 'gone', 'retired') THEN format('never: the connection is %s', v_s.status)
        WHEN v_s.status = 'paused' AND v_s.paused_until IS NULL THEN 'not before somebody resumes the connection'
        WHEN v_s.status <> 'paused' AND v_l.why = 'pause' THEN format('not before the connection is active: it is %s',
                                                                     v_s.status)
        WHEN v_host.held_until = 'infinity' THEN format('not before somebody releases the host %s', v_host.name) END;
    IF v_blocked IS NOT NULL THEN
        words := v_blocked;
        RETURN NEXT;
        RETURN;
    END IF;
    v_run := CASE WHEN v_s.schedule = 'immediate' THEN NULL
                  WHEN v_l.why = 'schedule' THEN v_l.not_before
                  -- A run that is missed meanwhile, in a pause for one, is made up for as soon as it is over.
                  ELSE o365_internal.next_run(v_s.schedule, o365_internal.schedule_zone($1), coalesce(
                      (SELECT o.enqueued_at FROM o365_internal.outbox AS o
                        WHERE o.subscription_id = $1 AND o.position > 0 AND (o.position = ANY (v_l.run)) IS NOT TRUE
                        ORDER BY o.position LIMIT 1), v_now)) END;
    v_before := CASE WHEN v_run IS NULL THEN waiting ELSE coalesce(cardinality(v_l.run), 0) END;
    v_posts := CASE WHEN v_run IS NULL THEN n ELSE 1 END;
    v_start := greatest(v_now, v_s.paused_until, v_host.held_until, nullif(v_l.not_before, 'infinity'), v_run);
    v_t := date_part('epoch', v_start - v_now);
    v_limits := o365_internal.quota_limits_of(v_s.dialect);
    IF NOT v_l.quota_off AND v_limits.posts IS NOT NULL THEN
        v_most := o365_internal.quota_most(v_limits.posts, o365_internal.quota_halvings(v_l, v_now));
        v_times := ARRAY(
            SELECT p.at FROM (
                SELECT date_part('epoch', d.at - v_now) AS at FROM o365_internal.delivery AS d
                 WHERE d.subscription_id = $1 AND d.at > v_now - interval '1 day' AND d.took_ms IS NOT NULL
                UNION ALL
                SELECT date_part('epoch', a.at - v_now) FROM o365_internal.attempt AS a
                 WHERE a.subscription_id = $1 AND a.at > v_now - interval '1 day'
                UNION ALL
                SELECT date_part('epoch', u - v_now) FROM unnest(v_l.lost) AS u
                UNION ALL
                SELECT date_part('epoch', s.at - v_now)
                  FROM o365_internal.quota_slot AS s, generate_series(1, s.posts)
                 WHERE s.group_id IN (v_l.quota_webhook, v_l.quota_group) AND s.posts > 0
                   AND s.subscription_id <> $1
                   -- A lane that shares both its webhook and its bot is counted once.
                   AND (s.group_id = v_l.quota_webhook OR v_l.quota_webhook IS NULL
                        OR NOT EXISTS (SELECT FROM o365_internal.quota_slot AS o
                                        WHERE o.group_id = v_l.quota_webhook
                                          AND o.subscription_id = s.subscription_id))) AS p ORDER BY p.at);
        v_of := coalesce(cardinality(v_times), 0);
        FOR v_step IN 1 .. least(v_before + v_posts, c_steps) LOOP
            v_late := NULL;
            FOR v_w IN 1 .. cardinality(v_most) LOOP
                IF v_most[v_w] IS NOT NULL AND v_of >= v_most[v_w]
                   AND v_times[v_of + 1 - v_most[v_w]] + v_limits.seconds[v_w] > v_t THEN
                    v_t := v_times[v_of + 1 - v_most[v_w]] + v_limits.seconds[v_w];
                    v_late := v_w;
                END IF;
            END LOOP;
            v_of := v_of + 1;
            v_times[v_of] := v_t;
            IF v_step = v_before + 1 THEN
                v_first := v_t;
            END IF;
        END LOOP;
        IF v_before + v_posts > c_steps THEN
            SELECT v_t + (v_before + v_posts - c_steps) * max(w.rate),
                   CASE WHEN v_before + 1 > c_steps THEN v_t + (v_before + 1 - c_steps) * max(w.rate) ELSE v_first END
              INTO v_t, v_first
              FROM (SELECT u.seconds::double precision / u.most AS rate
                      FROM unnest(v_limits.seconds, v_most) AS u (seconds, most)) AS w;
        END IF;
    ELSE
        v_first := v_t;
    END IF;
    first_at := v_now + make_interval(secs => v_first);
    last_at := v_now + make_interval(secs => v_t);
    words := format('%s %s%s%s%s%s%s%s',
        CASE WHEN n = 1 THEN 'it arrives' WHEN v_first = v_t THEN 'they arrive'
             ELSE format('the first arrives %s, the last',
                         CASE WHEN v_first < 1 THEN 'at once'
                              ELSE 'at ' || to_char(first_at, 'YYYY-MM-DD HH24:MI:SS') END) END,
        CASE WHEN v_t < 1 THEN 'at once' ELSE 'at ' || to_char(last_at, 'YYYY-MM-DD HH24:MI:SS') END,
        CASE WHEN v_run IS NULL AND waiting > 0
             THEN format(', behind %s', o365_internal.plural(waiting, 'card that waits', 'cards that wait'))
             WHEN waiting > v_before
             THEN format(', in a digest with %s', o365_internal.plural(waiting - v_before, 'card that waits',
                                                                       'cards that wait')) END,
        CASE WHEN v_late IS NOT NULL THEN format('; %s in %s s are the limit', v_most[v_late], v_limits.seconds[v_late])
        END,
        CASE WHEN v_start > v_now AND v_start IS DISTINCT FROM CASE v_l.why WHEN 'quota' THEN v_l.not_before END
             THEN format('; nothing leaves before %s (%s)', to_char(v_start, 'YYYY-MM-DD HH24:MI:SS'),
                         CASE v_start WHEN v_s.paused_until THEN 'pause' WHEN v_host.held_until THEN 'host'
                                      WHEN v_run THEN 'schedule' ELSE v_l.why END) END,
        CASE WHEN v_l.quota_group IS NOT NULL THEN '; if the other flows of its group post nothing' END,
        CASE WHEN EXISTS (SELECT FROM o365_internal.lane AS l WHERE l.quota_webhook = v_l.quota_webhook
                             AND l.quota_webhook > 0 AND l.subscription_id <> $1)
             THEN '; if the other connections of its webhook post nothing' END,
        '; ' || o365_internal.workers_away());
    RETURN NEXT;
END $$;
COMMENT ON FUNCTION o365.forecast(bigint, integer) IS
    'When n more cards for a connection would arrive, if they were sent now and the far end took each at once: behind '
    'the waiting cards, after a pause with an end, a hold of its host or another wait, and within its limits; with a '
    'schedule, as one digest at its next run, with the cards that wait for it. One row: cards (n), waiting (cards '
    'before them), first_at and last_at (null: not known), words. Errors: insufficient_privilege (also where there is '
    'none), invalid_parameter_value.';
