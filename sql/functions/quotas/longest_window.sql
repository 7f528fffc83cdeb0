CREATE OR REPLACE FUNCTION o365_internal.longest_window(dialect text) RETURNS interval
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT coalesce(make_interval(secs => max(w.seconds + w.margin)), interval '0')
              FROM o365_internal.quota_window AS w WHERE w.dialect = longest_window.dialect AND w.posts IS NOT NULL);
END $$;
COMMENT ON FUNCTION o365_internal.longest_window(text) IS
    'How far the limits of a dialect reach back; 0 where it has none.';
