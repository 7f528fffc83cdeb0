CREATE OR REPLACE FUNCTION o365.manage_link(subscription_id bigint, for_cards boolean DEFAULT false) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
DECLARE
    v_subscription o365_internal.subscription := o365_internal.connection_to_manage(subscription_id);
    v_public_url text := o365_internal.text_setting('public_url');
    v_token text;
    v_hash bytea;
BEGIN
    IF v_subscription.status = 'removed' THEN
        RAISE EXCEPTION 'subscription % is removed', subscription_id
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Its user has to connect again: the application links to what o365.begin_connect returns.';
    END IF;
    IF v_public_url = '' THEN
        RAISE EXCEPTION 'the setting public_url is empty'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'An operator sets it: select o365.set(''public_url'', ''https://...'')';
    END IF;
    v_token := left(o365_internal.random_token(), 32);
    v_hash := sha256(convert_to(v_token, 'UTF8'));
    PERFORM o365_internal.add_manage_link(subscription_id, CASE WHEN for_cards THEN 'card' ELSE 'owner' END, v_hash);
    RETURN v_public_url || '/manage/' || v_token;
END $$;
COMMENT ON FUNCTION o365.manage_link(bigint, boolean) IS
    'Makes a link to the page on which a connection is managed, and returns it, this once: only its hash is kept. Give '
    'it to the person who connected and treat it like a password: whoever has it can pause, resume, send a test card, '
    'paste a new webhook and remove the connection. for_cards: a link that may stand in cards, whose page shows, '
    'pauses and resumes, and does nothing else. The newest 100 of each kind serve. Errors: insufficient_privilege, '
    'object_not_in_prerequisite_state (the connection is removed; public_url is not set).';
