CREATE OR REPLACE FUNCTION o365_internal.is_connecting_user(subscription_id bigint, user_object_id text)
RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_index bytea;
BEGIN
    SELECT s.user_index INTO v_index FROM o365_internal.subscription AS s
     WHERE s.subscription_id = is_connecting_user.subscription_id;
    IF v_index IS NULL OR user_object_id IS NULL THEN
        RETURN NULL;
    END IF;
    -- The id is a GUID, which the two services may write differently.
    RETURN v_index IN (o365_internal.blind_index('user_object_id', user_object_id),
                       o365_internal.blind_index('user_object_id', lower(user_object_id COLLATE "C")),
                       o365_internal.blind_index('user_object_id', upper(user_object_id COLLATE "C")));
END $$;
COMMENT ON FUNCTION o365_internal.is_connecting_user(bigint, text) IS
    'Whether a directory object id is that of the user who made a subscription, by blind index; null when that is not '
    'known: no such subscription, one that was pasted, imported or removed, or no id. The id is secret: it comes from '
    'a column of a COPY, never from a statement or a parameter.';
