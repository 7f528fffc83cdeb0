CREATE OR REPLACE FUNCTION o365_internal.explain_lane(subscription_id bigint, card_id bigint) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_variable
DECLARE
    v_s record;
    v_lane o365_internal.lane;
    v_first bigint := (SELECT o.card_id FROM o365_internal.outbox AS o
                        WHERE o.subscription_id = explain_lane.subscription_id ORDER BY o.position LIMIT 1);
    v_passes boolean; -- it is urgent: its lane's schedule does not hold it up
    v_whose text;     -- the card that is tried, as the subject of a sentence
    v_said text[] := o365_internal.explain_holds(subscription_id);
BEGIN
    SELECT s.status, s.dialect, s.schedule INTO v_s FROM o365_internal.subscription AS s
     WHERE s.subscription_id = explain_lane.subscription_id;
    SELECT l.* INTO v_lane FROM o365_internal.lane AS l
     WHERE l.subscription_id = explain_lane.subscription_id ORDER BY l.lease_no DESC LIMIT 1;
    v_passes := v_lane.why = 'schedule' AND coalesce((SELECT o.position < 0 FROM o365_internal.outbox AS o
                                                       WHERE o.card_id = explain_lane.card_id LIMIT 1), false);
    IF v_passes THEN
        v_lane.not_before := nullif(v_lane.next_at, 'infinity');
    END IF;
    v_whose := CASE WHEN v_first = card_id THEN 'its' ELSE format('behind card %s:', v_first) END;
    IF v_s.status IN ('removed', 'gone', 'retired') THEN
        RETURN v_said;
    END IF;
    IF v_lane.worker IS NOT NULL AND v_lane.lease_until > now() THEN
        v_said := v_said || format('worker %s has its connection since %s, under a lease until %s: %s',
            (SELECT w.name FROM o365_internal.worker AS w WHERE w.worker_id = v_lane.worker),
            o365_internal.moment(v_lane.claimed_at), o365_internal.moment(v_lane.lease_until),
            CASE WHEN v_first = card_id THEN 'this card is the next one'
                 ELSE format('card %s is the next one', v_first) END);
    ELSIF v_lane.why IN ('retry', 'quota', 'host', 'schedule') AND v_lane.not_before > now() THEN
        v_said := v_said || CASE
            WHEN v_lane.why = 'quota' OR v_passes AND v_lane.problem IS NULL
            THEN concat_ws('; ', o365_internal.quota_reason(v_s.dialect, v_lane.quota_window, v_lane.not_before),
                           o365_internal.quota_sharers(v_lane.quota_webhook))
            WHEN v_lane.why = 'schedule' AND NOT v_passes
            THEN format('its subscription is sent digests (%s): it goes into the one of %s', v_s.schedule,
                        o365_internal.moment(v_lane.not_before))
            WHEN v_lane.why = 'host'
            THEN format('far end %s: %s; looked at again at %s',
                        (SELECT h.name FROM o365_internal.host AS h WHERE h.host_id = v_lane.host_id),
                        coalesce(v_lane.problem, 'it is spared as a whole'), o365_internal.moment(v_lane.not_before))
            WHEN v_lane.throttled_since IS NOT NULL
            THEN format('%s webhook is throttled since %s (%s): it is posted again at %s', v_whose,
                        o365_internal.moment(v_lane.throttled_since), v_lane.problem,
                        o365_internal.moment(v_lane.not_before))
            WHEN v_lane.failures > 0
            THEN format('%s retry %s is at %s: it fails since %s, %s', v_whose, v_lane.failures,
                        o365_internal.moment(v_lane.not_before), o365_internal.moment(v_lane.failing_since),
                        v_lane.problem)
            ELSE format('%s, until %s', coalesce(v_lane.problem, 'its connection waits'),
                        o365_internal.moment(v_lane.not_before)) END;
    ELSIF (v_lane.next_at <= now() OR v_lane.why = 'schedule' AND v_lane.not_before <= now()) AND v_said = '{}' THEN
        v_said := o365_internal.explain_due(subscription_id);
    END IF;
    RETURN v_said;
END $$;
COMMENT ON FUNCTION o365_internal.explain_lane(bigint, bigint) IS
    'What keeps a card of this lane from leaving now, as far as it is the lane''s: what explain_holds says, the lease, '
    'and the wait that lane.why names, in sentences without a capital and a full stop. Empty when nothing does.';
