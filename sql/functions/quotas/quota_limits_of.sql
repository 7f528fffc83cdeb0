CREATE OR REPLACE FUNCTION o365_internal.quota_limits_of(dialect text) RETURNS o365_internal.quota_limits
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_limits o365_internal.quota_limits;
BEGIN
    SELECT array_agg(w.seconds + w.margin), array_agg(w.posts), max(w.version)
      INTO v_limits.seconds, v_limits.posts, v_limits.version
      FROM (SELECT q.seconds, q.margin, q.posts, q.version FROM o365_internal.quota_window AS q
             WHERE q.dialect = quota_limits_of.dialect ORDER BY q.n) AS w;
    IF array_remove(v_limits.posts, NULL) = '{}' THEN
        v_limits.posts := NULL;
    END IF;
    RETURN v_limits;
END $$;
COMMENT ON FUNCTION o365_internal.quota_limits_of(text) IS
    'The windows of a dialect by quota_window.n: their lengths with their margins, and their limits; posts is null '
    'where there is no limit at all. version: of these limits.';
