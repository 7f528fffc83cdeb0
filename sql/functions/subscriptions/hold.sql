CREATE OR REPLACE FUNCTION o365_internal.hold(subscription_id bigint, status text, reason text) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_before text;
BEGIN
    -- A report waits for no lock: where another transaction has locked the subscription,
    -- the lane stops and keeps the reason.
    SELECT s.status INTO v_before FROM o365_internal.subscription AS s WHERE s.subscription_id = hold.subscription_id
       FOR NO KEY UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        PERFORM o365_internal.stop_lane(subscription_id, coalesce(reason, status));
        RETURN;
    END IF;
    -- A person's pause takes precedence over a worker's finding, which the next renewal would undo.
    UPDATE o365_internal.subscription AS s
       SET status = CASE WHEN s.status = 'paused' THEN s.status ELSE hold.status END,
           status_reason = hold.reason, status_at = now()
     WHERE s.subscription_id = hold.subscription_id AND s.status NOT IN ('removed', 'gone', 'retired');
    IF FOUND THEN
        PERFORM o365_internal.stop_lane(subscription_id);
        IF hold.status = 'suspended' AND v_before NOT IN ('paused', 'suspended') THEN
            PERFORM o365_internal.note_event('suspended', 'worker', NULL, subscription_id, reason);
        END IF;
    END IF;
END $$;
COMMENT ON FUNCTION o365_internal.hold(bigint, text, text) IS
    'Stops a lane: nothing is claimed from it, its cards wait, but for test cards. One that is paused stays paused and '
    'takes the reason only. A worker that holds it sees it within 2 s and keeps its lease until it reports. The caller '
    'has the lane; if somebody else has locked the subscription, its status follows later (tell_verdicts).';
