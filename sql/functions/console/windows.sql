CREATE OR REPLACE FUNCTION o365_internal.windows() RETURNS TABLE (dialect text, posts integer, seconds integer)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF to_regclass('o365_internal.quota_window') IS NOT NULL THEN
        RETURN QUERY EXECUTE 'SELECT w.dialect, w.posts, w.seconds FROM o365_internal.quota_window AS w
                               WHERE w.posts IS NOT NULL';
    END IF;
END $$;
COMMENT ON FUNCTION o365_internal.windows() IS
    'The limits of a webhook: at most so many POSTs in so many seconds, by dialect.';
