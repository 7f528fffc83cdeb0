CREATE OR REPLACE FUNCTION o365_internal.health_sealing_key_not_backed_up() RETURNS SETOF o365_internal.finding
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'sealing key ' || k.key_id, 'was never backed up: losing the key file loses every connection',
           'Run o365-worker keys backup FILE and keep the file elsewhere.', k.created_at, NULL::bigint, NULL
      FROM o365_internal.sealing_key AS k
     WHERE k.backed_up_at IS NULL AND (k.active OR o365_internal.sealed_rows(k.key_id) > 0) $$;
COMMENT ON FUNCTION o365_internal.health_sealing_key_not_backed_up() IS
    'Keys in use that no backup of the key file holds.';
