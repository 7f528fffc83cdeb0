CREATE OR REPLACE FUNCTION o365_internal.replace_webhook(old o365_internal.subscription, new o365_internal.subscription)
RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- This comes first, because a user can have a webhook only once.
    PERFORM o365_internal.remove_subscription(new.subscription_id, 'user',
                                              format('its webhook replaced that of subscription %s',
                                                     old.subscription_id));
    UPDATE o365_internal.subscription AS s
       SET sealed = new.replacement, key_id = new.replacement_key_id, key_pinned = new.key_pinned,
           secret_version = s.secret_version + 1, renewed_at = now(), webhook_index = new.webhook_index,
           user_index = new.user_index, dialect = new.dialect,
           webhook_host = new.webhook_host, app_type = new.app_type, app_type_normalised = new.app_type_normalised,
           group_name = coalesce(new.group_name, s.group_name), payload = new.payload, proved_at = new.proved_at,
           app_state = coalesce(new.app_state, s.app_state), extra = coalesce(new.extra, s.extra)
     WHERE s.subscription_id = old.subscription_id;
    PERFORM o365_internal.move_lane(old, new.webhook_host);
    PERFORM o365_internal.forget_failures(old.subscription_id);
    PERFORM o365_internal.revive(old.subscription_id, 'replaced');
    IF old.status = 'active' THEN
        PERFORM o365_internal.wake(old.subscription_id);
    END IF;
END $$;
COMMENT ON FUNCTION o365_internal.replace_webhook(o365_internal.subscription, o365_internal.subscription) IS
    'Gives the webhook of a pending subscription, which ends by it, to the one that it replaces; number, settings and '
    'queue of that stay, and what waits leaves at once unless it is paused. Both are locked.';
