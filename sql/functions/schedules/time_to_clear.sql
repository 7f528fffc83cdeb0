CREATE OR REPLACE FUNCTION o365_internal.time_to_clear(dialect text, cards bigint) RETURNS interval
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT max(make_interval(secs => (cards - 1) / w.posts * w.seconds))
              FROM o365_internal.quota_window AS w
             WHERE w.dialect = time_to_clear.dialect AND w.posts IS NOT NULL);
END $$;
COMMENT ON FUNCTION o365_internal.time_to_clear(text, bigint) IS
    'How long so many cards take at least to leave by the limits of a dialect, from windows that are free now.';
