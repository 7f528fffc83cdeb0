CREATE OR REPLACE FUNCTION o365_programs.responder_manage(token_hash bytea) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_link o365_internal.manage_link := o365_internal.managed(token_hash);
    v_subscription o365_internal.subscription;
    v_connector o365_internal.connector;
    v_lane o365_internal.lane;
    v_is_owner boolean := v_link.kind = 'owner';
    v_no_worker boolean := o365_internal.workers_away() IS NOT NULL;
    v_waiting integer;
    v_oldest timestamptz;
    v_zone text := o365_internal.schedule_zone(v_link.subscription_id);
    v_rule integer;
BEGIN
    SELECT s.* INTO v_subscription FROM o365_internal.subscription AS s
     WHERE s.subscription_id = v_link.subscription_id;
    SELECT c.* INTO v_connector FROM o365_internal.connector AS c
     WHERE c.connector_id = v_subscription.connector_id AND c.removed_at IS NULL;
    IF v_connector.connector_id IS NULL THEN
        -- The same answer for a link that never existed, one that was revoked, and one whose connector is gone.
        RETURN jsonb_build_object('found', false, 'public_url', o365_internal.text_setting('public_url'));
    END IF;
    IF v_subscription.status = 'removed' THEN
        RETURN o365_internal.connector_page(v_connector) || jsonb_build_object('kind', v_link.kind, 'status', 'removed',
            'language', v_connector.language, 'status_at', v_subscription.status_at);
    END IF;
    SELECT l.* INTO v_lane FROM o365_internal.lane AS l WHERE l.subscription_id = v_subscription.subscription_id;
    SELECT count(*), min(o.enqueued_at) INTO v_waiting, v_oldest
      FROM (SELECT x.enqueued_at FROM o365_internal.outbox AS x
             WHERE x.subscription_id = v_subscription.subscription_id AND x.position >= o365_internal.tests_below()
             ORDER BY x.position LIMIT 1000) AS o;
    IF v_subscription.status IN ('suspended', 'gone', 'retired') OR v_lane.problem IS NOT NULL THEN
        -- The newest answer that did not let a card through, of a card that is still tried or of one that ended.
        SELECT r.rule_id INTO v_rule FROM (
            (SELECT t.at, t.rule_id FROM o365_internal.attempt AS t
              WHERE t.subscription_id = v_subscription.subscription_id ORDER BY t.post_no DESC NULLS LAST LIMIT 1)
            UNION ALL
            (SELECT d.at, d.rule_id FROM o365_internal.delivery AS d
              WHERE d.subscription_id = v_subscription.subscription_id AND d.outcome NOT IN ('accepted', 'delivered')
                AND d.rule_id IS NOT NULL ORDER BY d.at DESC LIMIT 1)) AS r ORDER BY r.at DESC LIMIT 1;
    END IF;
    RETURN o365_internal.connector_page(v_connector) || jsonb_build_object('kind', v_link.kind,
        'language', v_connector.language, 'place', v_subscription.group_name,
        'account', coalesce(v_subscription.label, v_subscription.app_user),
        'dialect', v_subscription.dialect, 'connected_at', v_subscription.connected_at,
        'proved_at', v_subscription.proved_at, 'status', v_subscription.status, 'status_at', v_subscription.status_at,
        'rule_id', v_rule::text, 'waiting', v_waiting, 'oldest', v_oldest,
        'why', CASE WHEN v_waiting = 0 THEN NULL
                    WHEN v_subscription.status <> 'active' THEN v_subscription.status
                    WHEN v_lane.why = 'pause' THEN 'suspended'
                    WHEN v_no_worker THEN 'no_worker'
                    WHEN v_lane.why = 'schedule' THEN 'schedule'
                    WHEN v_lane.throttled_since IS NOT NULL THEN 'throttled'
                    WHEN v_lane.failures > 0 THEN 'failing'
                    ELSE 'sending' END,
        'next_at', CASE WHEN v_lane.why = 'schedule' THEN o365_internal.in_zone(v_lane.not_before, v_zone)
                        WHEN v_lane.why IS DISTINCT FROM 'pause' AND v_lane.next_at > now()
                        THEN to_jsonb(v_lane.next_at) #>> '{}' END,
        'schedule', v_subscription.schedule, 'time_zone', v_zone,
        'may_schedule', v_is_owner AND v_subscription.status NOT IN ('pending', 'gone', 'retired'),
        'test_waits', EXISTS (SELECT FROM o365_internal.outbox AS o
                               WHERE o.subscription_id = v_subscription.subscription_id
                                 AND o.position < o365_internal.tests_below()),
        'may_pause', v_subscription.status = 'active', 'may_resume', v_subscription.status = 'paused'
                                   OR v_subscription.status = 'suspended' AND NOT v_subscription.awaits_proof,
        'may_test', v_is_owner AND v_subscription.status IN ('active', 'paused', 'suspended'),
        'may_renew', v_is_owner AND v_subscription.status <> 'pending' AND v_subscription.app_user IS NOT NULL,
        'may_remove', v_is_owner, 'may_events', v_is_owner AND v_connector.events <> '{}',
        'paused_until', o365_internal.in_zone(v_subscription.paused_until),
        'events_version', md5(v_connector.events::text),
        'events', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                                                 'n', e.n::text, 'name', e.name,
                                                 'wanted', e.name <> ALL (v_subscription.unwanted_events))
                                             ORDER BY e.n), '[]')
                     FROM unnest(v_connector.events) WITH ORDINALITY AS e (name, n)),
        'ends', (SELECT coalesce(jsonb_agg(jsonb_build_object('at', e.at, 'event', e.event, 'outcome', e.outcome)
                                           ORDER BY e.at DESC), '[]')
                   FROM (SELECT d.at, d.event, d.outcome FROM o365_internal.delivery AS d
                          WHERE d.subscription_id = v_subscription.subscription_id ORDER BY d.at DESC LIMIT 10) AS e));
END $$;
COMMENT ON FUNCTION o365_programs.responder_manage(bytea) IS
    'The page on which a connection is managed, by the SHA-256 of its link''s token; found is false for any that does '
    'not serve. kind: owner or card. Of a removed connection status and status_at alone. rule_id: after which answer '
    'of the far end it stopped or fails. waiting: cards, at most 1,000 are counted, oldest: since when; why: its '
    'status unless active, no_worker, schedule, throttled, failing or sending; next_at: when it is tried again, or its '
    'schedule runs. schedule: as schedule_of has it; time_zone: by whose clocks. test_waits: a test card is on its '
    'way. may_...: what the page offers. paused_until: when its pause ends, in the zone of the setting time_zone. '
    'events: those of the connector, by number, with wanted; events_version changes with the list. ends: the last ten '
    'cards that reached their end, newest first.';
