CREATE OR REPLACE FUNCTION o365.connections(app_user text)
RETURNS TABLE (subscription_id bigint, connector text, app_type text, group_name text, dialect text, status text,
    connected_at timestamptz, app_state jsonb, label text, status_reason text, proved_at timestamptz, payload text,
    waiting bigint, paused_until timestamptz, idle_since date, extra jsonb, unwanted_events text[],
    schedule text, time_zone text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT s.subscription_id, c.slug, s.app_type_normalised, s.group_name, s.dialect, s.status,
           s.connected_at, s.app_state, s.label, s.status_reason, s.proved_at,
           CASE WHEN s.dialect = 'workflow' THEN s.payload END,
           (SELECT count(*) FROM (SELECT FROM o365_internal.outbox AS o
                                   WHERE o.subscription_id = s.subscription_id
                                     AND o.position >= o365_internal.tests_below()
                                   LIMIT 1000) AS o),
           s.paused_until, s.idle_since, s.extra, s.unwanted_events,
           s.schedule, CASE WHEN s.schedule <> 'immediate' THEN o365_internal.schedule_zone(s.subscription_id) END
      FROM o365_internal.subscription AS s JOIN o365_internal.connector AS c ON c.connector_id = s.connector_id
     WHERE s.app_user = $1 AND s.status <> 'removed' AND o365_internal.may_use(s.connector_id)
     ORDER BY s.subscription_id;
END $$;
COMMENT ON FUNCTION o365.connections(text) IS
    'The connections of a user of the application, over the connectors that the session may use; no row if there is '
    'none. subscription_id is what o365.send takes. status pending: the user has not confirmed or proven it yet, cards '
    'wait. proved_at: when its user last typed the code of a card that was posted there. payload: what its workflow '
    'takes, envelope or card; null for a connector webhook. waiting: how many cards wait, at most 1,000 are counted. '
    'paused_until: when its pause ends by itself. idle_since: since when nothing was posted to its workflow, once that '
    'is 75 of the 90 days after which Microsoft turns a flow off. extra: fields beside each of its cards '
    '(o365.set_extra). unwanted_events: events that its user does not want. schedule: when its cards leave, immediate '
    'or folded into digests (o365.set_schedule), by the clocks of time_zone.';
