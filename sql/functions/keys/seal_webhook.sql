CREATE OR REPLACE FUNCTION o365_internal.seal_webhook(
    subscription_id bigint, webhook text, user_object_id text, only_key text, OUT sealed bytea, OUT key_id text)
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    -- Assignments alone, as in seal.
    v_plain text := json_build_object('purpose', 'webhook', 'id', subscription_id::text, 'webhook', webhook,
                                      'user_object_id', user_object_id)::text;
    v_pair record := o365_internal.seal(v_plain, only_key);
BEGIN
    sealed := v_pair.sealed;
    key_id := v_pair.key_id;
END $$;
COMMENT ON FUNCTION o365_internal.seal_webhook(bigint, text, text, text) IS
    'Seals the webhook of a subscription, as workers open it: its number and purpose stand inside and are checked '
    'there. user_object_id: null where none is known; only_key and errors: as for seal.';
