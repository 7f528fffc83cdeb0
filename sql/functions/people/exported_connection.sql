CREATE OR REPLACE FUNCTION o365_internal.exported_connection(s o365_internal.subscription) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
DECLARE
    c_most CONSTANT integer := 10000;   -- rows of a list
    v_id bigint := (s).subscription_id;
    v_lists jsonb;
BEGIN
    -- Each list is read to one row beyond its limit, to detect that it is longer.
    SELECT jsonb_object_agg(l.name, coalesce(l.rows, '[]')) INTO v_lists FROM (
        SELECT 'manage_links', (SELECT jsonb_agg(jsonb_build_object('kind', m.kind, 'made_at', m.made_at,
                   'revoked_at', m.revoked_at, 'token', 'not kept')) FROM o365_internal.manage_link AS m
                  WHERE m.subscription_id = v_id)
        UNION ALL
        SELECT 'waiting_cards', (SELECT jsonb_agg(jsonb_build_object('card_id', o.card_id, 'event', o.event,
                   'enqueued_at', o.enqueued_at, 'card', o365_internal.without_links(o.card),
                   'extra', o.extra, 'collapse', o.collapse_key, 'cancel_reason', o.cancel_reason)) FROM (
                SELECT * FROM o365_internal.outbox AS x WHERE x.subscription_id = v_id ORDER BY x.position
                 LIMIT c_most + 1) AS o)
        UNION ALL
        SELECT 'scheduled_cards', (SELECT jsonb_agg(jsonb_build_object('card_id', o.card_id, 'event', o.event,
                   'due_at', o.due_at, 'card', o365_internal.without_links(o.card), 'extra', o.extra,
                   'collapse', o.collapse_key)) FROM (
                SELECT * FROM o365_internal.scheduled AS x WHERE x.subscription_id = v_id ORDER BY x.due_at
                 LIMIT c_most + 1) AS o)
        UNION ALL
        SELECT 'set_aside_cards', (SELECT jsonb_agg(jsonb_build_object('card_id', a.card_id, 'at', a.at,
                   'failures', a.failures, 'problem', a.problem)) FROM o365_internal.set_aside AS a
                  WHERE a.subscription_id = v_id AND a.is_aside)
        UNION ALL
        SELECT 'dead_cards', (SELECT jsonb_agg(jsonb_build_object('card_id', o.card_id, 'event', o.event, 'at', o.at,
                   'outcome', o.outcome, 'card', o365_internal.without_links(o.card), 'extra', o.extra,
                   'collapse', o.collapse_key)) FROM (
                SELECT * FROM o365_internal.dead_card AS x WHERE x.subscription_id = v_id ORDER BY x.at DESC
                 LIMIT c_most + 1) AS o)
        UNION ALL
        SELECT 'dedupe_keys', (SELECT jsonb_agg(jsonb_build_object('key', o.key, 'card_id', o.card_id,
                   'until', o.until)) FROM (
                SELECT * FROM o365_internal.dedupe AS x WHERE x.subscription_id = v_id ORDER BY x.key
                 LIMIT c_most + 1) AS o)
        UNION ALL
        SELECT 'ended_cards', (SELECT jsonb_agg(jsonb_build_object('card_id', d.card_id, 'event', d.event,
                   'enqueued_at', d.enqueued_at, 'at', d.at, 'outcome', d.outcome, 'reason', d.reason,
                   'http_status', d.http_status)) FROM (
                SELECT * FROM o365_internal.delivery AS x WHERE x.subscription_id = v_id ORDER BY x.at DESC
                 LIMIT c_most + 1) AS d)
        UNION ALL
        SELECT 'attempts', (SELECT jsonb_agg(jsonb_build_object('card_id', t.card_id, 'at', t.at, 'outcome', t.outcome,
                   'http_status', t.http_status, 'problem', t.problem)) FROM (
                SELECT * FROM o365_internal.attempt AS x WHERE x.subscription_id = v_id ORDER BY x.at DESC
                 LIMIT c_most + 1) AS t)
        UNION ALL
        SELECT 'card_warnings', (SELECT jsonb_agg(jsonb_build_object('card_id', w.card_id, 'at', w.at,
                   'warnings', w.warnings)) FROM (
                SELECT * FROM o365_internal.card_warning AS x WHERE x.subscription_id = v_id ORDER BY x.at DESC
                 LIMIT c_most + 1) AS w)
        UNION ALL
        SELECT 'card_actions', (SELECT jsonb_agg(jsonb_build_object('card_id', a.card_id, 'at', a.at, 'title', a.title,
                   'actions', o365_internal.without_links(a.actions::text)::jsonb,
                   'pressed', cardinality(a.forms))) FROM (
                SELECT * FROM o365_internal.card_action AS x WHERE x.subscription_id = v_id ORDER BY x.card_id DESC
                 LIMIT c_most + 1) AS a)
        UNION ALL
        SELECT 'action_answers', (SELECT jsonb_agg(jsonb_build_object('card_id', a.card_id, 'at', a.at,
                   'action', a.action, 'status', a.status, 'translations', a.translations,
                   'card', o365_internal.without_links(a.card::text)::jsonb)) FROM (
                SELECT * FROM o365_internal.action_answer AS x WHERE x.subscription_id = v_id
                 ORDER BY x.card_id DESC LIMIT c_most + 1) AS a)
        UNION ALL
        SELECT 'action_calls', (SELECT jsonb_agg(jsonb_build_object('card_id', c.card_id, 'at', c.at,
                   'status', c.status, 'translations', c.translations,
                   'card', o365_internal.without_links(c.card::text)::jsonb)) FROM (
                SELECT * FROM o365_internal.action_call AS x WHERE x.subscription_id = v_id
                 ORDER BY x.event_id DESC LIMIT c_most + 1) AS c)
        UNION ALL
        SELECT 'action_events', (SELECT jsonb_agg(jsonb_build_object('card_id', e.card_id, 'at', e.at, 'name', e.name,
                   'target', e.target, 'body', o365_internal.without_links(e.body), 'inputs', e.inputs,
                   'pressed_by', e.pressed_by, 'pressed_by_name', e.pressed_by_name, 'tenant', e.tenant)) FROM (
                SELECT * FROM o365_internal.action_event AS x WHERE x.subscription_id = v_id ORDER BY x.event_id DESC
                 LIMIT c_most + 1) AS e)
        UNION ALL
        -- The user that it was moved from is another person.
        SELECT 'events', (SELECT jsonb_agg(jsonb_build_object('at', e.at, 'kind', e.kind, 'actor', e.actor,
                   'card_id', e.card_id, 'detail', CASE WHEN e.kind <> 'moved' THEN e.detail END,
                   'reason', e.reason)) FROM (
                SELECT * FROM o365_internal.event AS x WHERE x.subscription_id = v_id ORDER BY x.at DESC
                 LIMIT c_most + 1) AS e)) AS l (name, rows);
    RETURN jsonb_build_object('subscription_id', v_id,
            'connector', (SELECT c.slug FROM o365_internal.connector AS c WHERE c.connector_id = (s).connector_id),
            'label', (s).label, 'app_state', (s).app_state, 'app_type', (s).app_type, 'group_name', (s).group_name,
            'dialect', (s).dialect, 'webhook_host', (s).webhook_host, 'status', (s).status,
            'status_reason', (s).status_reason, 'status_at', (s).status_at, 'paused_until', (s).paused_until,
            'connected_at', (s).connected_at, 'renewed_at', (s).renewed_at, 'proved_at', (s).proved_at,
            'schedule', (s).schedule, 'time_zone', (s).time_zone, 'extra', (s).extra,
            'unwanted_events', to_jsonb((s).unwanted_events),
            'webhook', CASE WHEN (s).sealed IS NULL THEN 'absent' ELSE 'present' END,
            'user_object_id', CASE WHEN (s).user_index IS NULL THEN 'absent' ELSE 'present' END)
        || (SELECT jsonb_object_agg(l.key, CASE WHEN jsonb_array_length(l.value) > c_most THEN l.value - c_most
                                                ELSE l.value END) FROM jsonb_each(v_lists) AS l)
        || jsonb_build_object('cut_off', (SELECT coalesce(jsonb_agg(l.key), '[]') FROM jsonb_each(v_lists) AS l
                                           WHERE jsonb_array_length(l.value) > c_most));
END $$;
COMMENT ON FUNCTION o365_internal.exported_connection(o365_internal.subscription) IS
    'What is kept about a connection, as o365.export_user gives it. Secrets are told as present or absent. cut_off: '
    'lists that have more than 10,000 rows; the first of the waiting cards and the newest of the others are given.';
