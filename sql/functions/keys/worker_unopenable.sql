CREATE OR REPLACE FUNCTION o365_programs.worker_unopenable(key_ids text[])
RETURNS TABLE (subscription_id bigint, connector text, app_user text, group_name text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN QUERY
    SELECT s.subscription_id, c.slug, s.app_user, s.group_name
      FROM o365_internal.subscription AS s
      JOIN o365_internal.connector AS c ON c.connector_id = s.connector_id
     WHERE s.sealed IS NOT NULL AND s.key_id <> ALL (worker_unopenable.key_ids)
     ORDER BY c.slug, s.app_user, s.subscription_id;
END $$;
COMMENT ON FUNCTION o365_programs.worker_unopenable(text[]) IS
    'The connections whose webhook is sealed under none of these keys, so that a key file with only these opens none '
    'of them. For `o365-worker keys generate --replace`. No row: every webhook can be opened.';
