CREATE OR REPLACE FUNCTION o365_internal.lane_waits(subscription_id bigint, next_at timestamptz, xmax xid) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
DECLARE
    v_locked_by text := o365_internal.locked_by(xmax);
    v_card record;
BEGIN
    IF v_locked_by IS NOT NULL OR next_at IS NOT NULL THEN
        RETURN 'locked by ' || v_locked_by;
    END IF;
    SELECT o.enqueued_at, pg_visible_in_snapshot(o.xid, (SELECT f.snap FROM o365_internal.fed AS f
                                                          ORDER BY f.n DESC LIMIT 1)) AS is_fed
      INTO v_card FROM o365_internal.outbox AS o WHERE o.subscription_id = lane_waits.subscription_id
     ORDER BY o.position LIMIT 1;
    RETURN CASE
        WHEN v_card.is_fed
        THEN format('its lane lost its time, which is a fault of this program: '
                    'select o365.pause(%1$s), o365.resume(%1$s)', subscription_id)
        WHEN v_card.enqueued_at > now() - interval '15 seconds' THEN 'just sent'
        ELSE format('not handed to its lane: nothing was fed since %s',
                    to_char(v_card.enqueued_at, 'YYYY-MM-DD HH24:MI')) END;
END $$;
COMMENT ON FUNCTION o365_internal.lane_waits(bigint, timestamptz, xid) IS
    'What keeps a lane with cards that is due (next_at) or has no time: who has it locked, by its row''s xmax; of one '
    'without a time also whether its cards were fed. Null when nobody has locked one that is due. SECURITY DEFINER for '
    'the views.';
