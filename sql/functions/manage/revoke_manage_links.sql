CREATE OR REPLACE FUNCTION o365.revoke_manage_links(subscription_id bigint, reason text DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_subscription o365_internal.subscription := o365_internal.connection_to_manage(subscription_id);
    v_revoked integer;
BEGIN
    PERFORM o365_internal.end_manage_tickets(v_subscription.subscription_id);
    UPDATE o365_internal.manage_link AS m SET revoked_at = now()
     WHERE m.subscription_id = v_subscription.subscription_id AND (m.revoked_at IS NULL OR m.revoked_at > now());
    GET DIAGNOSTICS v_revoked = ROW_COUNT;
    IF v_revoked > 0 THEN
        PERFORM o365_internal.note_event('changed', o365_internal.actor(), v_subscription.connector_id,
                                         v_subscription.subscription_id, o365_internal.reason_text(reason), 'links');
    END IF;
    RETURN v_revoked;
END $$;
COMMENT ON FUNCTION o365.revoke_manage_links(bigint, text) IS
    'Ends all links to the page of a connection, of both kinds, and returns how many. The connection goes on as it '
    'was. reason: shown in o365.events. Error: insufficient_privilege.';
