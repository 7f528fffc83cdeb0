CREATE OR REPLACE FUNCTION o365_internal.same_place(connector_id integer, app_user text, app_type text, group_name text)
    RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- Of places without a name, only an inbox is known to be unique.
    IF app_user IS NULL OR app_type IS NULL OR group_name IS NULL AND app_type <> 'mail' THEN
        RETURN NULL;
    END IF;
    -- By the hash alone: the other conditions are written so that no index but subscription_place fits, whatever the
    -- planner believes.
    RETURN (SELECT s.subscription_id FROM o365_internal.subscription AS s
             WHERE hashtextextended(s.app_user || '/' || s.app_type_normalised || '/' || coalesce(s.group_name, ''),
                                    s.connector_id)
                       = hashtextextended($2 || '/' || $3 || '/' || coalesce($4, ''), $1)
               AND s.status NOT IN ('pending', 'removed') AND s.app_user IS NOT NULL
               AND s.app_type_normalised IS NOT NULL
               AND s.connector_id + 0 = $1 AND s.app_user || '' = $2 AND s.app_type_normalised = $3
               AND s.group_name IS NOT DISTINCT FROM $4
             ORDER BY s.status = 'active' DESC, s.subscription_id + 0 DESC LIMIT 1);
END $$;
COMMENT ON FUNCTION o365_internal.same_place(integer, text, text, text) IS
    'The subscription of a user that seems to post to the same place: the same connector, kind (lower case) and name; '
    'an active one first. Null when there is none, or nothing is known about the place.';
