-- The trigger of o365_programs.user_object_id. The id moves by assignment only.
CREATE OR REPLACE FUNCTION o365_internal.receive_user_object_id() RETURNS trigger
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_index bytea := o365_internal.blind_index('user_object_id', new.id);
    v_name text;
BEGIN
    -- For this transaction only. A blind index is not a secret: nobody can compute it without the private key.
    v_name := set_config('o365.user_indexes',
                         concat_ws(' ', nullif(current_setting('o365.user_indexes', true), ''),
                                   encode(v_index, 'hex')), true);
    RETURN NULL;
END $$;
COMMENT ON FUNCTION o365_internal.receive_user_object_id() IS
    'Trigger of o365_programs.user_object_id: keeps the blind index of a directory object id for this transaction, in '
    'which o365_programs.worker_subscriptions_by_user_object_id() finds its connections.';
