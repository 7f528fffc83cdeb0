-- What operators do with subscriptions. A lane's hold follows its subscription's status in the same transaction.

CREATE OR REPLACE FUNCTION o365_internal.hold(subscription_id bigint, status text, reason text) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
BEGIN
    -- A report waits for no lock: where another transaction has locked the subscription, the lane stops and keeps the reason.
    PERFORM FROM o365_internal.subscription AS s WHERE s.subscription_id = hold.subscription_id FOR NO KEY UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        UPDATE o365_internal.lane AS l
           SET hold = coalesce(nullif(l.hold, 'suspended'), hold.status), next_at = NULL, verdict = coalesce(hold.reason, hold.status)
         WHERE l.subscription_id = hold.subscription_id;
        RETURN;
    END IF;
    -- A person's pause outranks what a worker found out meanwhile: it would be undone by the next renewal.
    UPDATE o365_internal.subscription AS s
       SET status = CASE WHEN s.status = 'paused' THEN s.status ELSE hold.status END,
           status_reason = hold.reason, status_at = now()
     WHERE s.subscription_id = hold.subscription_id AND s.status NOT IN ('removed', 'gone', 'retired');
    IF FOUND THEN
        UPDATE o365_internal.lane AS l SET hold = coalesce(nullif(l.hold, 'suspended'), hold.status), next_at = NULL
         WHERE l.subscription_id = hold.subscription_id;
    END IF;
END $$;
COMMENT ON FUNCTION o365_internal.hold(bigint, text, text) IS
    'Stops a lane: nothing is claimed from it, its cards wait. One that is paused stays paused and takes the reason only. A '
    'worker that holds it sees it within 2 s and keeps its lease until it reports. The caller has the lane; if somebody else has locked the subscription, '
    'its status follows later (tell_verdicts).';

CREATE OR REPLACE FUNCTION o365_internal.tell_verdicts() RETURNS integer
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_lane record;
    v_told integer := 0;
BEGIN
    FOR v_lane IN SELECT l.subscription_id, l.verdict FROM o365_internal.lane AS l WHERE l.verdict IS NOT NULL
                   ORDER BY l.subscription_id LIMIT 1000 FOR UPDATE SKIP LOCKED
    LOOP
        UPDATE o365_internal.lane AS l SET verdict = NULL WHERE l.subscription_id = v_lane.subscription_id;
        PERFORM o365_internal.hold(v_lane.subscription_id, 'suspended', v_lane.verdict);
        v_told := v_told + 1;
    END LOOP;
    RETURN v_told;
END $$;
COMMENT ON FUNCTION o365_internal.tell_verdicts() IS
    'Writes the status of subscriptions that were locked when a worker suspended their lanes. Returns how many it tried; those that are still locked '
    'keep their verdict.';

CREATE OR REPLACE FUNCTION o365_internal.revive(subscription_id bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE o365_internal.subscription AS s SET status = 'active', status_reason = NULL, status_at = now()
     WHERE s.subscription_id = revive.subscription_id AND s.status IN ('pending', 'suspended', 'gone', 'retired');
    IF FOUND THEN
        PERFORM o365_internal.wake(revive.subscription_id);
    END IF;
END $$;
COMMENT ON FUNCTION o365_internal.revive(bigint) IS
    'A webhook that was renewed or confirmed is used: pending, suspended, gone and retired become active; a paused one stays paused.';

CREATE OR REPLACE FUNCTION o365_internal.may_confirm(s o365_internal.subscription) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT coalesce((s).status = 'pending'
                    AND (s).status_at > now() - make_interval(mins => o365_internal.integer_setting('confirm_minutes')), false));
END $$;
COMMENT ON FUNCTION o365_internal.may_confirm(o365_internal.subscription) IS
    'Whether a connection waits to be confirmed and its time, confirm_minutes, has not passed.';

CREATE OR REPLACE FUNCTION o365_internal.sweep_unconfirmed() RETURNS integer
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_id bigint;
    v_swept integer := 0;
BEGIN
    FOR v_id IN SELECT s.subscription_id FROM o365_internal.subscription AS s
                 WHERE s.status = 'pending'
                   AND s.status_at <= now() - make_interval(mins => o365_internal.integer_setting('confirm_minutes'))
                 ORDER BY s.status_at LIMIT 1000
    LOOP
        -- Whoever has the lane may be confirming: the next minute looks again.
        PERFORM FROM o365_internal.lane AS l WHERE l.subscription_id = v_id FOR UPDATE SKIP LOCKED;
        CONTINUE WHEN NOT FOUND;
        CONTINUE WHEN (o365_internal.lock_subscription(v_id)).status <> 'pending';
        PERFORM o365.remove(v_id);
        UPDATE o365_internal.subscription AS s SET status_reason = 'was not confirmed in time' WHERE s.subscription_id = v_id;
        v_swept := v_swept + 1;
    END LOOP;
    RETURN v_swept;
END $$;
COMMENT ON FUNCTION o365_internal.sweep_unconfirmed() IS
    'Removes connections that nobody confirmed in time, webhooks wiped; returns how many.';

CREATE OR REPLACE FUNCTION o365_internal.wake(subscription_id bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    -- Not before a lease that somebody may still hold has ended: at most one POST is in flight per lane.
    UPDATE o365_internal.lane AS l
       SET hold = NULL, next_at = greatest(now(), l.lease_until), trying = NULL, tried_at = NULL, failures = 0, failing_since = NULL, unclear = 0,
           throttles = 0, throttled_since = NULL, gone_since = NULL, useless_since = NULL, dead_in_a_row = 0, verdict = NULL, problem = NULL
     WHERE l.subscription_id = $1;
END $$;
COMMENT ON FUNCTION o365_internal.wake(bigint) IS 'Makes a lane due, after the lease that may still be held.';

CREATE OR REPLACE FUNCTION o365_internal.lock_subscription(subscription_id bigint) RETURNS o365_internal.subscription
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_subscription o365_internal.subscription;
    v_verdict text;
BEGIN
    -- The lane first, as the delivery core does: whoever has the lane never waits for its subscription.
    SELECT l.verdict INTO v_verdict FROM o365_internal.lane AS l WHERE l.subscription_id = lock_subscription.subscription_id FOR UPDATE;
    SELECT s.* INTO v_subscription FROM o365_internal.subscription AS s
     WHERE s.subscription_id = lock_subscription.subscription_id FOR UPDATE;
    IF v_verdict IS NOT NULL THEN
        UPDATE o365_internal.lane AS l SET verdict = NULL WHERE l.subscription_id = lock_subscription.subscription_id;
        PERFORM o365_internal.hold(subscription_id, 'suspended', v_verdict);
        SELECT s.* INTO v_subscription FROM o365_internal.subscription AS s WHERE s.subscription_id = lock_subscription.subscription_id;
    END IF;
    RETURN v_subscription;
END $$;
COMMENT ON FUNCTION o365_internal.lock_subscription(bigint) IS
    'Locks a lane and its subscription, in this order, and returns the subscription; null when there is none. Everything '
    'that changes a subscription calls it first.';

CREATE OR REPLACE FUNCTION o365_internal.subscription_to_change(subscription_id bigint) RETURNS o365_internal.subscription
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp SET lock_timeout = '5s' AS $$
DECLARE
    v_subscription o365_internal.subscription;
BEGIN
    BEGIN
        v_subscription := o365_internal.lock_subscription(subscription_id);
    EXCEPTION WHEN lock_not_available THEN
        RAISE EXCEPTION 'subscription % is locked by another session', subscription_id
            USING ERRCODE = 'lock_not_available',
                  HINT = 'Whoever changed it has not ended the transaction: select pid, usename, state, xact_start, query from pg_stat_activity '
                         'where xact_start < now() - interval ''5 seconds''';
    END;
    IF v_subscription.subscription_id IS NULL THEN
        RAISE EXCEPTION 'there is no subscription %', coalesce(subscription_id::text, 'NULL')
            USING ERRCODE = 'undefined_object', HINT = 'select * from o365.subscriptions lists them.';
    END IF;
    RETURN v_subscription;
END $$;
COMMENT ON FUNCTION o365_internal.subscription_to_change(bigint) IS
    'The subscription, locked. Errors: undefined_object; lock_not_available when another session has it for more than 5 s.';

CREATE OR REPLACE FUNCTION o365.set_in_doubt_policy(subscription_id bigint, policy text) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_subscription o365_internal.subscription;
BEGIN
    IF policy IS NULL OR policy NOT IN ('resend', 'skip') THEN
        RAISE EXCEPTION 'policy % is unknown', quote_nullable(policy)
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'It is resend (a card whose answer was lost is sent again and may be shown twice) or skip (it ends as in_doubt and may be lost).';
    END IF;
    v_subscription := o365_internal.subscription_to_change(subscription_id);
    UPDATE o365_internal.subscription AS s SET in_doubt_policy = set_in_doubt_policy.policy
     WHERE s.subscription_id = set_in_doubt_policy.subscription_id;
    RETURN policy;
END $$;
COMMENT ON FUNCTION o365.set_in_doubt_policy(bigint, text) IS
    'Sets what happens to a card of a subscription that was posted without a clear answer. resend: posted again at most unclear_answers times, may be shown '
    'more than once; the default. skip: ends as in_doubt at once, may be lost. Returns the policy. Errors: undefined_object, invalid_parameter_value, '
    'lock_not_available (another session has it locked for 5 s).';

CREATE OR REPLACE FUNCTION o365.pause(subscription_id bigint) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_subscription o365_internal.subscription := o365_internal.subscription_to_change(subscription_id);
BEGIN
    IF v_subscription.status NOT IN ('active', 'paused', 'suspended') THEN
        RAISE EXCEPTION 'subscription % is %', subscription_id, v_subscription.status
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Only an active or suspended one can be paused.';
    END IF;
    IF v_subscription.status <> 'paused' THEN
        PERFORM o365_internal.hold(subscription_id, 'paused', NULL);
    END IF;
    RETURN 'paused';
END $$;
COMMENT ON FUNCTION o365.pause(bigint) IS
    'Pauses a subscription: from 2 s after the commit nothing is sent to it; what is sent meanwhile waits. Returns the status. Errors: '
    'undefined_object, object_not_in_prerequisite_state, lock_not_available (another session has it locked for 5 s).';

CREATE OR REPLACE FUNCTION o365.resume(subscription_id bigint) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_subscription o365_internal.subscription := o365_internal.subscription_to_change(subscription_id);
BEGIN
    IF v_subscription.status NOT IN ('active', 'paused', 'suspended') THEN
        RAISE EXCEPTION 'subscription % is %', subscription_id, v_subscription.status
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Its user has to connect again: the application links to what o365.begin_connect returns.';
    END IF;
    IF v_subscription.status <> 'active' THEN
        UPDATE o365_internal.subscription AS s SET status = 'active', status_reason = NULL, status_at = now()
         WHERE s.subscription_id = resume.subscription_id;
        PERFORM o365_internal.wake(subscription_id);
    END IF;
    RETURN 'active';
END $$;
COMMENT ON FUNCTION o365.resume(bigint) IS
    'Lets a paused or suspended subscription send again, waiting cards first. Returns the status. Errors: undefined_object, '
    'object_not_in_prerequisite_state, lock_not_available (another session has it locked for 5 s).';

CREATE OR REPLACE FUNCTION o365.remove(subscription_id bigint) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_subscription o365_internal.subscription := o365_internal.subscription_to_change(subscription_id);
BEGIN
    IF v_subscription.status <> 'removed' THEN
        UPDATE o365_internal.subscription AS s
           SET status = 'removed', status_reason = NULL, status_at = now(), sealed = NULL, key_id = NULL, webhook_index = NULL, user_index = NULL,
               replacement = NULL, replacement_key_id = NULL
         WHERE s.subscription_id = remove.subscription_id;
        DELETE FROM o365_internal.card_action AS a WHERE a.subscription_id = remove.subscription_id;
        -- Due, so that a worker ends what waits as cancelled.
        PERFORM o365_internal.wake(subscription_id);
    END IF;
    RETURN 'removed';
END $$;
COMMENT ON FUNCTION o365.remove(bigint) IS
    'Removes a subscription for good: its webhook is wiped at once, waiting and later cards end as cancelled, links to its cards'' actions end, history '
    'stays. Returns the status. '
    'Errors: undefined_object, lock_not_available (another session has it locked for 5 s).';
