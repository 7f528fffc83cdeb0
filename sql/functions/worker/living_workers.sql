CREATE OR REPLACE FUNCTION o365_internal.living_workers(environment text) RETURNS SETOF integer
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT w.worker_id FROM o365_internal.worker AS w
                  WHERE w.stopped_at IS NULL AND w.seen_at > now() - interval '15 seconds' AND w.environment = $1;
END $$;
COMMENT ON FUNCTION o365_internal.living_workers(text) IS
    'The workers of an environment that were heard of within 15 s and have not ended.';
