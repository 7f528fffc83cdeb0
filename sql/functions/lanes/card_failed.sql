CREATE OR REPLACE FUNCTION o365_internal.card_failed(
    subscription_id bigint, lease_no bigint, "position" bigint, outcome text, http_status integer,
    retry_after integer, problem text)
RETURNS integer
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
    c_tries CONSTANT integer := 3;   -- of the second card in a row that fails, before the webhook is to blame
    v_now timestamptz := clock_timestamp();
    v_lane o365_internal.lane;
    v_policy text;
    v_wait double precision;
    v_until timestamptz;
    v_idle interval;     -- in which nothing of the card was tried, and nothing of the lane
    v_quiet interval;
    v_give_up interval := make_interval(hours => o365_internal.integer_setting('give_up_hours'));
    v_ends_as text;
    v_reason text;
    v_tid tid;
    v_before text;
    -- The worker gives a wait for a lane whose far end has used up its share of the transfers, and none otherwise.
    v_blocked text := CASE WHEN outcome = 'cannot_open' THEN 'key' WHEN outcome = 'held' AND retry_after > 0
                           THEN 'transfers' WHEN outcome = 'held' THEN 'worker' END;
BEGIN
    IF position < o365_internal.tests_below() THEN
        RETURN o365_internal.test_card_failed(subscription_id, lease_no, position, outcome, retry_after, problem);
    END IF;
    IF v_blocked IS NOT NULL THEN
        -- The worker's trouble, not the webhook's: another worker, or this one when it has the right key file, its
        -- proxy or a transfer for that host, delivers it.
        UPDATE o365_internal.lane AS l
           SET next_at = v_now + make_interval(secs => coalesce(retry_after, 30)),
               not_before = CASE WHEN l.lease_below IS NULL
                                 THEN v_now + make_interval(secs => coalesce(retry_after, 30)) ELSE l.not_before END,
               why = CASE WHEN l.lease_below IS NOT NULL THEN l.why WHEN v_blocked = 'key' THEN 'retry' ELSE 'host' END,
               problem = card_failed.problem, blocked = v_blocked,
               blocked_since = CASE WHEN l.blocked = v_blocked THEN l.blocked_since ELSE v_now END
         WHERE l.subscription_id = card_failed.subscription_id AND l.lease_no = card_failed.lease_no
           AND l.why IS DISTINCT FROM 'pause';
        RETURN 0;
    END IF;
    -- Throttling is not a failure, and its time does not count; nor does time in which nothing was tried: between
    -- cards, during a pause, while no worker ran.
    v_quiet := o365_internal.idle_time(subscription_id, lease_no);
    PERFORM o365_internal.take_up_again(subscription_id, lease_no, position);
    v_idle := o365_internal.idle_time(subscription_id, lease_no);
    IF o365_internal.far_end_failed(subscription_id, lease_no, position, outcome, http_status, retry_after, problem)
    THEN
        RETURN 0;
    END IF;
    SELECT s.in_doubt_policy INTO v_policy FROM o365_internal.subscription AS s
     WHERE s.subscription_id = card_failed.subscription_id;
    -- The counts belong to the card.
    UPDATE o365_internal.lane AS l
       SET trying = card_failed.position,
           tried_at = CASE WHEN l.trying = card_failed.position THEN coalesce(l.tried_at, l.claimed_at)
                           ELSE l.claimed_at END,
           failures = CASE WHEN l.trying = card_failed.position THEN l.failures ELSE 0 END
                      + (card_failed.outcome <> 'throttled')::integer,
           failing_since = CASE WHEN card_failed.outcome = 'throttled'
                                THEN CASE WHEN l.trying = card_failed.position THEN l.failing_since + v_idle END
                                WHEN l.trying = card_failed.position
                                THEN coalesce(l.failing_since + coalesce(v_now - l.throttled_since, v_idle), v_now)
                                ELSE v_now END,
           unclear = CASE WHEN l.trying = card_failed.position THEN l.unclear ELSE 0 END
                     + (card_failed.outcome = 'in_doubt')::integer,
           unclear_in_a_row = l.unclear_in_a_row + (card_failed.outcome = 'in_doubt')::integer,
           blocked = NULL, blocked_since = NULL,
           throttles = CASE WHEN card_failed.outcome = 'throttled' THEN l.throttles + 1 ELSE 0 END,
           throttled_since = CASE WHEN card_failed.outcome = 'throttled' THEN coalesce(l.throttled_since, v_now) END,
           -- A card that the worker could not convert is no evidence against the webhook.
           useless_since = CASE WHEN card_failed.outcome IN ('throttled', 'fault') THEN l.useless_since + v_quiet
                                ELSE coalesce(l.useless_since + coalesce(v_now - l.throttled_since, v_quiet), v_now)
                                END,
           gone_since = CASE WHEN card_failed.outcome = 'gone' THEN coalesce(l.gone_since + v_quiet, v_now) END,
           tried_until = v_now,
           problem = coalesce(card_failed.problem, card_failed.outcome)
     WHERE l.subscription_id = card_failed.subscription_id AND l.lease_no = card_failed.lease_no
    RETURNING l.* INTO v_lane;
    IF outcome = 'suspend' THEN
        PERFORM o365_internal.hold(subscription_id, 'suspended', coalesce(problem, 'the far end refuses this webhook'));
        RETURN 0;
    END IF;
    IF outcome = 'in_doubt' AND v_policy = 'skip' THEN
        v_ends_as := 'in_doubt';
        v_reason := coalesce(problem, 'the answer was lost');
    ELSIF outcome = 'in_doubt' AND v_lane.unclear > o365_internal.integer_setting('unclear_answers') THEN
        -- Each of the POSTs may have been shown: better one card in doubt than the same card all day.
        v_ends_as := 'in_doubt';
        v_reason := format('no clear answer to %s: %s', o365_internal.plural(v_lane.unclear, 'POST', 'POSTs'),
                           coalesce(problem, 'the answer was lost'));
    ELSIF outcome = 'gone' AND v_now - v_lane.gone_since >= v_give_up THEN
        -- The webhook is gone if it gave only this answer for as long as a card is tried. Waiting cards are cancelled
        -- at their claim. A person's pause takes precedence.
        SELECT s.status INTO v_before FROM o365_internal.subscription AS s
         WHERE s.subscription_id = card_failed.subscription_id FOR NO KEY UPDATE SKIP LOCKED;
        IF FOUND THEN
            UPDATE o365_internal.subscription AS s
               SET status = CASE WHEN s.status = 'paused' THEN s.status ELSE o365_internal.lost_status(s) END,
                   status_reason = coalesce(problem, 'the webhook does not exist any more'), status_at = now()
             WHERE s.subscription_id = card_failed.subscription_id AND s.status NOT IN ('removed', 'gone', 'retired');
            UPDATE o365_internal.lane AS l SET next_at = v_now, not_before = NULL, why = NULL
             WHERE l.subscription_id = card_failed.subscription_id AND l.lease_no = card_failed.lease_no
               AND v_before <> 'paused';
            IF v_before NOT IN ('removed', 'gone', 'retired', 'paused') THEN
                PERFORM o365_internal.note_event('gone', 'worker', NULL, subscription_id,
                                                 coalesce(problem, 'the webhook does not exist any more'));
            END IF;
            RETURN 0;
        END IF;
    ELSIF outcome NOT IN ('throttled', 'gone') AND v_now - v_lane.failing_since >= v_give_up THEN
        -- One of its POSTs may have arrived.
        v_ends_as := CASE WHEN v_lane.unclear > 0 THEN 'in_doubt' ELSE 'dead' END;
        v_reason := format('gave up after %s: %s', o365_internal.plural(v_lane.failures, 'try', 'tries'),
                           coalesce(problem, outcome));
    ELSIF outcome NOT IN ('throttled', 'gone', 'in_doubt', 'fault') AND v_lane.failures >= c_tries
          AND v_now - v_lane.useless_since >= v_give_up THEN
        -- A card was given up and the next one fails too: so the webhook is to blame, and the cards behind wait instead
        -- of dying one a day.
        PERFORM o365_internal.hold(subscription_id, 'suspended', format('no card has arrived since %s: %s',
            to_char(v_lane.useless_since, 'YYYY-MM-DD HH24:MI'), coalesce(problem, outcome)));
        RETURN 0;
    END IF;
    IF outcome = 'throttled' AND v_lane.throttles = 1 THEN
        PERFORM o365_internal.quota_learn(subscription_id);
    END IF;
    IF v_ends_as IS NULL THEN
        -- Exponential, with jitter between half and the whole of the step, and at least as long as the far end asked
        -- for.
        v_wait := CASE WHEN outcome = 'throttled' THEN o365_internal.retry_step(outcome, v_lane.throttles)
                       WHEN outcome = 'in_doubt' AND coalesce(http_status, 0) NOT BETWEEN 200 AND 299
                       THEN o365_internal.retry_step(outcome, v_lane.unclear)
                       ELSE o365_internal.retry_step('retry', v_lane.failures) END * (0.5 + random() / 2);
        v_until := v_now + make_interval(secs => greatest(v_wait, least(coalesce(retry_after, 0), 86400)));
        IF outcome NOT IN ('throttled', 'gone')
           AND o365_internal.set_card_aside(subscription_id, lease_no, position, v_until) THEN
            RETURN 0;
        END IF;
        UPDATE o365_internal.lane AS l
           SET next_at = CASE WHEN l.why = 'pause' THEN l.next_at ELSE v_until END,
               -- An urgent card that failed before the schedule of its lane leaves that wait as it is.
               not_before = CASE WHEN l.why = 'pause' OR l.lease_below IS NOT NULL THEN l.not_before ELSE v_until END,
               why = CASE WHEN l.why = 'pause' OR l.lease_below IS NOT NULL THEN l.why ELSE 'retry' END,
               tried_until = v_until
         WHERE l.subscription_id = card_failed.subscription_id AND l.lease_no = card_failed.lease_no;
        RETURN 0;
    END IF;
    DELETE FROM o365_internal.set_aside AS a
     WHERE a.subscription_id = card_failed.subscription_id AND a.position = card_failed.position;
    SELECT o.ctid INTO v_tid FROM o365_internal.outbox AS o
     WHERE o.subscription_id = card_failed.subscription_id AND o.position = card_failed.position;
    UPDATE o365_internal.lane AS l
       SET trying = NULL, tried_at = NULL, failures = 0, failing_since = NULL, unclear = 0, problem = NULL,
           -- It may have arrived: that is no evidence against the webhook.
           useless_since = CASE WHEN v_ends_as = 'dead' THEN l.useless_since END,
           dead_in_a_row = l.dead_in_a_row + (v_ends_as = 'dead')::integer,
           late = nullif(array_remove(l.late, card_failed.position), '{}'),
           next_at = CASE WHEN l.why IS DISTINCT FROM 'pause' THEN v_now END,
           not_before = CASE WHEN l.why = 'pause' OR l.lease_below IS NOT NULL THEN l.not_before END,
           why = CASE WHEN l.why = 'pause' OR l.lease_below IS NOT NULL THEN l.why END
     WHERE l.subscription_id = card_failed.subscription_id AND l.lease_no = card_failed.lease_no;
    RETURN CASE WHEN v_tid IS NULL THEN 0
        ELSE o365_internal.end_cards(ARRAY[v_ends_as], ARRAY[v_reason], ARRAY[v_tid], ARRAY[v_lane.tried_at]) END;
END $$;
COMMENT ON FUNCTION o365_internal.card_failed(bigint, bigint, bigint, text, integer, integer, text) IS
    'Decides what follows when the first card of a lane did not reach its end: a later try, giving up, ending it in '
    'doubt, suspending the webhook, or calling it gone. Returns how many cards ended, 0 or 1. Waits for no lock: the '
    'caller has the lane, and what others have locked is decided later.';
