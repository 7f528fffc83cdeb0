CREATE OR REPLACE FUNCTION o365_internal.erase_connection(subscription_id bigint, actor text)
RETURNS TABLE (what text, erased bigint)
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off AS $$
#variable_conflict use_column
BEGIN
    -- Its POSTs still count for its webhook, although its history is deleted.
    PERFORM o365_internal.leave_webhook(s) FROM o365_internal.subscription AS s WHERE s.subscription_id = $1;
    UPDATE o365_internal.subscription AS s SET webhook_index = NULL WHERE s.subscription_id = $1;
    -- A later report of its lease adds no POSTs, and the lease may have made all that it was granted.
    UPDATE o365_internal.quota_slot AS s SET lease_no = NULL WHERE s.subscription_id = $1 AND s.lease_no IS NOT NULL;
    -- attempt, delivery, event: in the order in which reports lock them.
    FOREACH what IN ARRAY ARRAY['manage_link', 'card_action', 'action_answer', 'action_call', 'card_warning',
                               'action_event', 'dedupe', 'collapse', 'dead_card', 'set_aside', 'scheduled',
                               'outbox', 'attempt', 'delivery']
    LOOP
        EXECUTE format('DELETE FROM o365_internal.%I AS x WHERE x.subscription_id = $1', what) USING $1;
        GET DIAGNOSTICS erased = ROW_COUNT;
        RETURN NEXT;
    END LOOP;
    WITH gone AS (DELETE FROM o365_internal.event AS e WHERE e.subscription_id = $1 RETURNING e.event_id),
    untaken AS (DELETE FROM o365_internal.untaken_event AS u USING gone WHERE u.event_id = gone.event_id)
    SELECT 'event', count(*) INTO what, erased FROM gone;
    RETURN NEXT;
    -- The event is kept.
    PERFORM o365_internal.remove_subscription($1, actor, 'its user was erased');
    UPDATE o365_internal.subscription AS s
       SET app_user = NULL, label = NULL, app_state = NULL, app_type = NULL, app_type_normalised = NULL,
           group_name = NULL,
           webhook_host = '', status_reason = 'its user was erased', replaces = NULL, extra = NULL,
           unwanted_events = '{}',
           proved_at = NULL, schedule = 'immediate', time_zone = NULL
     WHERE s.subscription_id = $1;
    erased := 1;
    what := 'subscription';
    RETURN NEXT;
END $$;
COMMENT ON FUNCTION o365_internal.erase_connection(bigint, text) IS
    'Removes a connection that the caller has locked, webhook wiped, and deletes what is kept about it. Its row '
    'stays, with its number, its connector and the status removed, so that a card that an application still sends '
    'there ends as cancelled; the chore sweep_removed takes it later. Returns how many rows of which table.';
