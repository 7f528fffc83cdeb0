CREATE OR REPLACE FUNCTION o365_internal.move_lane(old o365_internal.subscription, webhook_host text) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_host_id integer := o365_internal.host_of(webhook_host);
    v_index bytea;
    v_dialect text;
BEGIN
    UPDATE o365_internal.lane AS l SET host_id = v_host_id
     WHERE l.subscription_id = old.subscription_id AND l.host_id <> v_host_id;
    SELECT s.webhook_index, s.dialect INTO v_index, v_dialect FROM o365_internal.subscription AS s
     WHERE s.subscription_id = old.subscription_id;
    IF v_index IS DISTINCT FROM old.webhook_index OR v_dialect <> old.dialect THEN
        PERFORM o365_internal.leave_webhook(old);
        -- The next claim finds out which lanes have this webhook, or had it: others may be connecting it at this
        -- moment.
        UPDATE o365_internal.lane AS l
           SET quota_webhook = 0, quota_clear = NULL,
               webhook_after = CASE WHEN v_index = old.webhook_index THEN l.webhook_after ELSE l.posts END
         WHERE l.subscription_id = old.subscription_id;
    END IF;
END $$;
COMMENT ON FUNCTION o365_internal.move_lane(o365_internal.subscription, text) IS
    'Says that a subscription has the webhook that its row names now, on this host: its lane belongs to that far end, '
    'and what it posted counts for the webhook of before. old: its row before that. The caller has the lane locked.';
