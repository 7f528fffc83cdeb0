CREATE OR REPLACE FUNCTION o365_internal.keys_of_others(key_ids text[], environment text) RETURNS text[]
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT array_agg(DISTINCT k.key_id) FROM o365_internal.living_workers($2) AS l
              JOIN o365_internal.worker AS w ON w.worker_id = l
             CROSS JOIN LATERAL unnest(w.key_ids) AS k (key_id) WHERE k.key_id <> ALL ($1));
END $$;
COMMENT ON FUNCTION o365_internal.keys_of_others(text[], text) IS
    'The keys that living workers of an environment have and that are not among key_ids; null when there is none, or '
    'key_ids is null.';
