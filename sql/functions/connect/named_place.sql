CREATE OR REPLACE FUNCTION o365_internal.named_place(connector_id integer, app_user text, place text) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
BEGIN
    RETURN (SELECT s.subscription_id FROM o365_internal.subscription AS s
             WHERE s.app_user = $2 AND s.connector_id = $1 AND s.status NOT IN ('pending', 'removed')
               AND lower(s.group_name COLLATE "C") = lower($3 COLLATE "C")
             ORDER BY s.group_name = $3 DESC, s.status = 'active' DESC, s.subscription_id + 0 DESC LIMIT 1);
END $$;
COMMENT ON FUNCTION o365_internal.named_place(integer, text, text) IS
    'The subscription of a user whose place has the name that was typed, of whatever kind and in letters of whatever '
    'case; the same letters first, then an active one. Null when there is none.';
