CREATE OR REPLACE FUNCTION o365_internal.explain_holds(subscription_id bigint) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_variable
DECLARE
    v_s o365_internal.subscription := (SELECT s FROM o365_internal.subscription AS s
                                        WHERE s.subscription_id = explain_holds.subscription_id);
    v_lane record;
    v_host o365_internal.host;
    v_status text;
    v_reason text;
    v_by text;
    v_said text[] := '{}';
BEGIN
    SELECT l.why, l.verdict, l.host_id INTO v_lane FROM o365_internal.lane AS l
     WHERE l.subscription_id = explain_holds.subscription_id ORDER BY l.lease_no DESC LIMIT 1;
    SELECT h.* INTO v_host FROM o365_internal.host AS h WHERE h.host_id = v_lane.host_id;
    -- The status is written later, because another session has the subscription locked.
    v_status := CASE WHEN v_lane.verdict IS NOT NULL AND v_s.status = 'active' THEN 'suspended' ELSE v_s.status END;
    v_reason := coalesce(v_lane.verdict, v_s.status_reason);
    v_by := coalesce(CASE WHEN v_status = 'paused' THEN v_s.paused_by END,
                     o365_internal.last_event(subscription_id, ARRAY[v_status]));
    IF v_status IN ('removed', 'gone', 'retired') THEN
        RETURN array_remove(ARRAY[format('subscription %s is %s since %s%s%s: the card ends as cancelled when a worker '
                                         'comes to it', subscription_id, v_status, o365_internal.moment(v_s.status_at),
                                         ' by ' || v_by, ', "' || v_s.status_reason || '"'),
                                  o365_internal.workers_away()], NULL);
    END IF;
    IF v_lane.verdict IS NOT NULL OR v_lane.why = 'pause' THEN
        v_said := v_said || format('subscription %s is %s since %s%s%s%s: %s', subscription_id, v_status,
            o365_internal.moment(v_s.status_at), ' by ' || v_by, ' until ' || o365_internal.moment(v_s.paused_until),
            ', "' || v_reason || '"',
            o365_internal.status_next_step(subscription_id, v_status, v_reason, v_s.awaits_proof));
    END IF;
    IF v_host.held_until > now() THEN
        v_said := v_said || format('far end %s is held since %s by %s%s%s: o365.release_host ends it', v_host.name,
            o365_internal.moment(v_host.held_at), v_host.held_by,
            ' until ' || o365_internal.moment(v_host.held_until), ', "' || v_host.why || '"');
    END IF;
    IF v_host.failing_since IS NOT NULL THEN
        v_said := v_said || format('far end %s fails as a whole since %s%s: nothing is charged to its connections, and '
            'it is looked at again at %s', v_host.name, o365_internal.moment(v_host.failing_since),
            ', ' || v_host.problem, o365_internal.moment(v_host.failing_until));
    END IF;
    RETURN array_remove(v_said || o365_internal.workers_away(), NULL);
END $$;
COMMENT ON FUNCTION o365_internal.explain_holds(bigint) IS
    'What keeps all cards of a subscription from leaving, whatever else they wait for: its status, its far end, no '
    'worker, in sentences without a capital and a full stop, with who did it and what ends it. Empty when nothing '
    'does.';
