CREATE OR REPLACE FUNCTION o365_internal.time_to_clear(dialect text, cards bigint) RETURNS interval
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT max(make_interval(secs => (cards - 1) / w.posts * w.seconds))
              FROM (VALUES ('connector', 4, 1), ('connector', 60, 30), ('connector', 100, 3600),
                           ('connector', 150, 7200), ('connector', 1800, 86400), ('workflow', 25, 300))
                   AS w (dialect, posts, seconds) WHERE w.dialect = time_to_clear.dialect);
END $$;
COMMENT ON FUNCTION o365_internal.time_to_clear(text, bigint) IS
    'How long so many cards take at least to leave by the limits of a dialect, from windows that are free now.';
