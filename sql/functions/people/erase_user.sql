CREATE OR REPLACE FUNCTION o365.erase_user(app_user text, reason text DEFAULT NULL)
RETURNS TABLE (what text, erased bigint)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off SET lock_timeout = '5s' AS $$
#variable_conflict use_column
DECLARE
    v_connectors integer[] := o365_internal.connectors_to_act_for();
    v_actor text := o365_internal.actor();
    v_ids bigint[];
    v_id bigint;
    v_table record;
    v_connector_id integer;
    v_n bigint;
    v_links bigint;
    v_attempts bigint;
    v_counts jsonb := '{}';
BEGIN
    PERFORM o365_internal.check_app_user('app_user', $1);
    -- Lock order: links, attempts, tickets, lanes, as in everything that connects or handles a press. A concurrent
    -- connect has committed before its attempt and its ticket can be deleted, so that the next statement sees it.
    DELETE FROM o365_internal.manage_link AS m
     WHERE m.subscription_id = ANY (ARRAY(SELECT s.subscription_id FROM o365_internal.subscription AS s
                                           WHERE s.app_user = $1 AND s.connector_id = ANY (v_connectors)));
    GET DIAGNOSTICS v_links = ROW_COUNT;
    DELETE FROM o365_internal.connect_attempt AS a WHERE a.app_user = $1 AND a.connector_id = ANY (v_connectors);
    GET DIAGNOSTICS v_attempts = ROW_COUNT;
    DELETE FROM o365_internal.ticket AS t WHERE t.app_user = $1 AND t.connector_id = ANY (v_connectors);
    GET DIAGNOSTICS v_n = ROW_COUNT;
    v_counts := jsonb_build_object('ticket', v_n, 'manage_link', v_links);
    v_ids := ARRAY(SELECT s.subscription_id FROM o365_internal.subscription AS s
                    WHERE s.app_user = $1 AND s.connector_id = ANY (v_connectors) ORDER BY s.subscription_id);
    -- Also those of a paste that had taken its ticket before, and of earlier users of the connection.
    DELETE FROM o365_internal.connect_attempt AS a
     WHERE a.app_user = $1 AND a.connector_id = ANY (v_connectors) OR a.subscription_id = ANY (v_ids);
    GET DIAGNOSTICS v_n = ROW_COUNT;
    v_counts := v_counts || jsonb_build_object('connect_attempt', v_attempts + v_n);
    FOREACH v_id IN ARRAY v_ids LOOP
        CONTINUE WHEN (o365_internal.locked_subscription(v_id)).app_user IS DISTINCT FROM $1;
        FOR v_table IN SELECT e.what, e.erased FROM o365_internal.erase_connection(v_id, v_actor) AS e LOOP
            v_counts := v_counts || jsonb_build_object(v_table.what,
                                                       v_table.erased + coalesce((v_counts->>v_table.what)::bigint, 0));
        END LOOP;
    END LOOP;
    UPDATE o365_internal.event AS e SET detail = NULL
     WHERE e.kind = 'moved' AND e.detail = $1 AND e.connector_id = ANY (v_connectors);
    FOR v_connector_id IN SELECT DISTINCT s.connector_id FROM o365_internal.subscription AS s
                           WHERE s.subscription_id = ANY (v_ids) ORDER BY 1
    LOOP
        PERFORM o365_internal.note_event('user_erased', v_actor, v_connector_id,
                                         reason => o365_internal.reason_text(erase_user.reason));
    END LOOP;
    RETURN QUERY SELECT c.key, c.value::text::bigint FROM jsonb_each(v_counts) AS c ORDER BY c.key;
END $$;
COMMENT ON FUNCTION o365.erase_user(text, text) IS
    'Erases a user of the application: connections are removed, their webhooks wiped at once, and their cards, waiting '
    'or ended, history, events and actions deleted, with links, tickets and attempts to connect. A card that is being '
    'posted at this moment may still arrive. Of a connection its number stays, for cards that are still sent there, '
    'and an event "removed"; of the erasure an event user_erased for each connector, which names nobody: nor should '
    'reason, which stands in it. An operator erases in all connectors, an application in those that it may use. '
    'Returns how many rows of which table; 0 attempts and tickets for a user who is not known. Errors: '
    'invalid_parameter_value, lock_not_available (another session has a connection locked for 5 s), undefined_object '
    '(a connection was swept at this moment); nothing is erased then.';
