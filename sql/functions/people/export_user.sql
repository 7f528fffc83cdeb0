CREATE OR REPLACE FUNCTION o365.export_user(app_user text) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
DECLARE
    v_connectors integer[] := o365_internal.connectors_to_act_for();
BEGIN
    PERFORM o365_internal.check_app_user('app_user', $1);
    RETURN jsonb_build_object('app_user', $1, 'exported_at', now(),
        'connections', (SELECT coalesce(jsonb_agg(o365_internal.exported_connection(s) ORDER BY s.subscription_id),
                                        '[]')
                          FROM o365_internal.subscription AS s
                         WHERE s.app_user = $1 AND s.connector_id = ANY (v_connectors)),
        'connect_attempts', (SELECT coalesce(jsonb_agg(jsonb_build_object('connector', c.slug, 'way', a.way,
                    'started_at', a.started_at, 'ended_at', a.consumed_at, 'outcome', a.outcome, 'detail', a.detail,
                    'app_state', a.app_state, 'return_url', o365_internal.without_links(a.return_url),
                    'request_id', a.request_id, 'subscription_id', a.subscription_id, 'state', 'not kept')
                    ORDER BY a.attempt_id), '[]')
               FROM o365_internal.connect_attempt AS a
               JOIN o365_internal.connector AS c ON c.connector_id = a.connector_id
              WHERE a.app_user = $1 AND a.connector_id = ANY (v_connectors)),
        'tickets', (SELECT coalesce(jsonb_agg(jsonb_build_object('connector', c.slug, 'made_at', t.created_at,
                    'expires_at', t.expires_at, 'used_at', t.used_at, 'label', t.label, 'extra', t.extra,
                    'app_state', t.app_state, 'return_url', o365_internal.without_links(t.return_url),
                    'renews', t.renews, 'ticket', 'not kept')
                    ORDER BY t.created_at), '[]')
               FROM o365_internal.ticket AS t
               JOIN o365_internal.connector AS c ON c.connector_id = t.connector_id
              WHERE t.app_user = $1 AND t.connector_id = ANY (v_connectors)),
        'moved_away', (SELECT coalesce(jsonb_agg(jsonb_build_object('subscription_id', e.subscription_id, 'at', e.at)
                    ORDER BY e.at), '[]')
               FROM o365_internal.event AS e
              WHERE e.kind = 'moved' AND e.detail = $1 AND e.connector_id = ANY (v_connectors)));
END $$;
COMMENT ON FUNCTION o365.export_user(text) IS
    'Everything that is kept about a user of the application, as one JSON object: connections with their cards, '
    'history, events and actions, attempts to connect, tickets. Secrets are never in it: webhook and user_object_id '
    'are present or absent, links of ours in waiting cards are ***. Of each list of a connection at most 10,000 rows; '
    'cut_off names those that have more. An operator gets all connectors, an application those that it may use. A '
    'user who is not known gets empty lists. Error: invalid_parameter_value.';
