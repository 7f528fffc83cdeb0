CREATE OR REPLACE FUNCTION o365.cancel_card(card_id bigint, reason text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
#variable_conflict use_column
DECLARE
    v_subscription o365_internal.subscription := o365_internal.card_to_change($1);
    v_reason text := coalesce(o365_internal.reason_text(reason), 'it was cancelled');
    v_card record;
    v_lane o365_internal.lane;
    v_state text := 'cancelled';
BEGIN
    IF NOT o365_internal.end_scheduled($1, 'cancelled', v_reason) THEN
        -- Under the lane's lock, which every session that ends a card holds.
        SELECT o.ctid AS tid, o.position INTO v_card FROM o365_internal.outbox AS o WHERE o.card_id = $1;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'card % has ended already', $1
                USING ERRCODE = 'object_not_in_prerequisite_state',
                      HINT = format('select * from o365.deliveries where card_id = %s says how.', $1);
        END IF;
        SELECT l.* INTO v_lane FROM o365_internal.lane AS l WHERE l.subscription_id = v_subscription.subscription_id;
        IF v_lane.worker IS NOT NULL AND v_lane.lease_until > clock_timestamp() THEN
            -- A worker may be posting it at this moment: the next claim ends it, unless the current one does.
            UPDATE o365_internal.outbox AS o SET cancel_reason = v_reason WHERE o.ctid = v_card.tid;
            v_state := 'cancelling';
        ELSE
            PERFORM o365_internal.end_cards(ARRAY['cancelled'], ARRAY[o365_internal.with_doubt(v_reason,
                                                o365_internal.unclear_posts(v_lane.subscription_id, v_card.position))],
                                            ARRAY[v_card.tid], ARRAY[NULL::timestamptz]);
            DELETE FROM o365_internal.set_aside AS a
             WHERE a.subscription_id = v_lane.subscription_id AND a.position = v_card.position;
            UPDATE o365_internal.lane AS l SET late = nullif(array_remove(l.late, v_card.position), '{}')
             WHERE l.subscription_id = v_lane.subscription_id;
            -- The other cards need not wait for its next try.
            UPDATE o365_internal.lane AS l
               SET trying = NULL, tried_at = NULL, failures = 0, failing_since = NULL, unclear = 0, problem = NULL,
                   blocked = NULL, blocked_since = NULL,
                   not_before = CASE WHEN l.why = 'schedule' THEN l.not_before END, why = nullif(l.why, 'retry'),
                   next_at = CASE WHEN l.why = 'schedule' AND NOT o365_internal.passes_wait(l.subscription_id, l.why,
                                                                                            l.cursor, l.late)
                                  THEN 'infinity' ELSE now() END
             WHERE l.subscription_id = v_lane.subscription_id AND l.trying = v_card.position
               AND l.why IN ('retry', 'schedule') AND l.throttled_since IS NULL;
        END IF;
    END IF;
    PERFORM o365_internal.note_event('card_cancelled', o365_internal.actor(), v_subscription.connector_id,
                                     v_subscription.subscription_id, v_reason, v_state, card_id => $1);
    RETURN v_state;
END $$;
COMMENT ON FUNCTION o365.cancel_card(bigint, text) IS
    'Cancels a card that waits: it ends as cancelled, with the reason (at most 500 characters), and so does one that '
    'is scheduled. Returns cancelled when it has ended; cancelling when a worker has its lane: then it is not claimed '
    'again, but may be on its way at this moment, and o365.deliveries says how it ended. Applications may cancel cards '
    'of connectors that they may use, operators all. Errors: insufficient_privilege, undefined_object, '
    'object_not_in_prerequisite_state (it has ended), lock_not_available (another session has its connection locked '
    'for 5 s).';
