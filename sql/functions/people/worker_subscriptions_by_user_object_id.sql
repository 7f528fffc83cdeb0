CREATE OR REPLACE FUNCTION o365_programs.worker_subscriptions_by_user_object_id()
RETURNS TABLE (subscription_id bigint, connector text, app_user text, group_name text, status text,
    connected_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off SET jit = off AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT s.subscription_id, c.slug, s.app_user, s.group_name, s.status, s.connected_at
      FROM regexp_split_to_table(nullif(current_setting('o365.user_indexes', true), ''), ' ') AS i
      JOIN o365_internal.subscription AS s ON s.user_index = decode(i, 'hex') AND s.user_index IS NOT NULL
      JOIN o365_internal.connector AS c ON c.connector_id = s.connector_id
     ORDER BY s.subscription_id;
END $$;
COMMENT ON FUNCTION o365_programs.worker_subscriptions_by_user_object_id() IS
    'The connections of the directory object ids that this transaction copied into o365_programs.user_object_id; no '
    'row when there are none. Connections by pasted webhooks have no such id, removed ones have none any more.';
