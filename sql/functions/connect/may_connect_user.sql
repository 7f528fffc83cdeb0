CREATE OR REPLACE FUNCTION o365_internal.may_connect_user(app_user text) RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN o365_internal.is_app_user($1)
           AND (o365_internal.control_character($1) IS NULL
                -- A connection from before this check existed.
                OR EXISTS (SELECT FROM o365_internal.subscription AS s
                            WHERE s.app_user = $1 AND s.status <> 'removed'));
END $$;
COMMENT ON FUNCTION o365_internal.may_connect_user(text) IS
    'Whether a text can name a user who connects: as is_app_user, and without control characters, which the terminal '
    'of whoever lists connections would obey. A user who has a connection stays one.';
