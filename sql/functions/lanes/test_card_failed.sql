CREATE OR REPLACE FUNCTION o365_internal.test_card_failed(
    subscription_id bigint, lease_no bigint, "position" bigint, outcome text, retry_after integer, problem text)
RETURNS integer
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
    v_now timestamptz := clock_timestamp();
    v_tid tid;
    v_since timestamptz;
    v_why text;
BEGIN
    SELECT o.ctid, o.enqueued_at INTO v_tid, v_since FROM o365_internal.outbox AS o
     WHERE o.subscription_id = test_card_failed.subscription_id AND o.position = test_card_failed.position;
    IF outcome IN ('cannot_open', 'held') OR outcome NOT IN ('suspend', 'gone', 'in_doubt')
       AND v_since > v_now - make_interval(mins => o365_internal.integer_setting('proof_minutes')) THEN
        -- A person waits for it, so it is retried sooner than other cards, and only as long as its code is valid.
        UPDATE o365_internal.lane AS l
           SET next_at = v_now + greatest(make_interval(secs => coalesce(retry_after, 5)),
                                          least(v_now - v_since, interval '1 minute'))
         WHERE l.subscription_id = test_card_failed.subscription_id AND l.lease_no = test_card_failed.lease_no;
        RETURN 0;
    END IF;
    UPDATE o365_internal.lane AS l SET late = nullif(array_remove(l.late, test_card_failed.position), '{}')
     WHERE l.subscription_id = test_card_failed.subscription_id AND l.lease_no = test_card_failed.lease_no
    RETURNING l.why INTO v_why;
    IF v_why IS DISTINCT FROM 'pause' AND outcome = 'suspend' THEN
        PERFORM o365_internal.hold(subscription_id, 'suspended', coalesce(problem, 'the far end refuses this webhook'));
    ELSE
        UPDATE o365_internal.lane AS l
           SET next_at = CASE WHEN o365_internal.passes_wait(l.subscription_id, l.why, l.cursor, l.late) THEN v_now
                              ELSE nullif(greatest(v_now, l.not_before), 'infinity') END
         WHERE l.subscription_id = test_card_failed.subscription_id AND l.lease_no = test_card_failed.lease_no;
    END IF;
    RETURN CASE WHEN v_tid IS NULL THEN 0
        ELSE o365_internal.end_cards(ARRAY[CASE WHEN outcome = 'in_doubt' THEN 'in_doubt' ELSE 'dead' END],
                                     ARRAY[coalesce(problem, outcome)], ARRAY[v_tid], ARRAY[v_since]) END;
END $$;
COMMENT ON FUNCTION o365_internal.test_card_failed(bigint, bigint, bigint, text, integer, text) IS
    'Called when a test card did not reach its end: it is tried again for proof_minutes, unless the far end refuses '
    'the webhook or may have shown it; then it ends, and the page of the person who waits for it says so. Where the '
    'lane is not held, a refused webhook is suspended as by any other card. Returns how many cards ended, 0 or 1. The '
    'caller has the lane.';
