-- The trigger of o365_programs.callback (views/callback.sql). The row is secret and moves by assignment only.
CREATE OR REPLACE FUNCTION o365_internal.receive_callback() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_connects boolean := o365_internal.store_callback(new.slug, new.request_id, new.state_hash, new.cookie_hash,
        new.webhook_host, new.webhook_port, new.webhook_url, new.user_object_id, new.app_type, new.group_name,
        new.fresh_cookie_hash, new.cookie_hashes, new.sealing_key);
BEGIN
    -- NULL would say that nothing was inserted; the row itself would be handed on with its secrets,
    -- but a view has nowhere to put it.
    RETURN NULL;
END $$;
COMMENT ON FUNCTION o365_internal.receive_callback() IS
    'Trigger of o365_programs.callback: stores it, all in the COPY''s transaction (store_callback). The outcome is '
    'read with o365_programs.responder_callback_outcome.';
