CREATE OR REPLACE FUNCTION o365_internal.set_card_aside(
    subscription_id bigint, lease_no bigint, "position" bigint, until timestamptz) RETURNS boolean
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
DECLARE
    c_most CONSTANT integer := 10;   -- of a lane: where more fail it is the webhook, not the cards
    v_lane o365_internal.lane;
    v_tid tid;
    v_card_id bigint;
BEGIN
    SELECT l.* INTO v_lane FROM o365_internal.lane AS l
     WHERE l.subscription_id = set_card_aside.subscription_id AND l.lease_no = set_card_aside.lease_no;
    IF v_lane.trying IS DISTINCT FROM position
       OR (SELECT c.when_blocked FROM o365_internal.connector AS c WHERE c.connector_id = v_lane.connector_id)
          IS DISTINCT FROM 'pass'
       OR v_lane.failures < o365_internal.integer_setting('set_aside_after')
       OR (SELECT count(*) FROM o365_internal.set_aside AS a
            WHERE a.subscription_id = set_card_aside.subscription_id AND a.is_aside
              AND a.position <> set_card_aside.position) >= c_most THEN
        RETURN false;
    END IF;
    -- A card with a collapse key is not set aside: it would come after the newer card that is to replace it.
    SELECT o.ctid, o.card_id INTO v_tid, v_card_id FROM o365_internal.outbox AS o
     WHERE o.subscription_id = set_card_aside.subscription_id AND o.position = set_card_aside.position
       AND o.collapse_key IS NULL;
    IF v_tid IS NULL THEN
        RETURN false;
    END IF;
    INSERT INTO o365_internal.set_aside AS a (subscription_id, position, card_id, tried_at, failures, failing_since,
                                              unclear, tried_until, problem)
        VALUES (v_lane.subscription_id, position, v_card_id, v_lane.tried_at, v_lane.failures, v_lane.failing_since,
                v_lane.unclear, until, v_lane.problem)
        ON CONFLICT ON CONSTRAINT set_aside_pkey DO UPDATE
           SET is_aside = true, at = CASE WHEN a.is_aside THEN a.at ELSE excluded.at END,
               failures = excluded.failures, failing_since = excluded.failing_since, unclear = excluded.unclear,
               tried_until = excluded.tried_until, problem = excluded.problem;
    WITH gone AS (DELETE FROM o365_internal.outbox AS o WHERE o.ctid = v_tid RETURNING o.*)
    INSERT INTO o365_internal.scheduled (card_id, subscription_id, due_at, position, card, event, extra, not_after,
                                         urgent, enqueued_at)
        SELECT g.card_id, g.subscription_id, until, g.position, g.card, g.event, g.extra, g.not_after,
               nullif(g.position < 0, false), g.enqueued_at FROM gone AS g;
    UPDATE o365_internal.lane AS l
       SET trying = NULL, tried_at = NULL, failures = 0, failing_since = NULL, unclear = 0, problem = NULL,
           late = nullif(array_remove(l.late, set_card_aside.position), '{}'),
           next_at = CASE WHEN l.why IS DISTINCT FROM 'pause' THEN clock_timestamp() ELSE l.next_at END,
           not_before = CASE WHEN l.why = 'pause' OR l.lease_below IS NOT NULL THEN l.not_before END,
           why = CASE WHEN l.why = 'pause' OR l.lease_below IS NOT NULL THEN l.why END
     WHERE l.subscription_id = set_card_aside.subscription_id AND l.lease_no = set_card_aside.lease_no;
    RETURN true;
END $$;
COMMENT ON FUNCTION o365_internal.set_card_aside(bigint, bigint, bigint, timestamptz) IS
    'Sets the card aside that a lane is trying, until its next try, if its connector says so (when_blocked = pass), it '
    'has failed set_aside_after times, and fewer than ten other cards of the lane are aside: the lane goes on with the '
    'next one. False: the lane waits. A card with a collapse key is never set aside. The caller has the lane.';
