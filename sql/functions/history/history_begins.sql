CREATE OR REPLACE FUNCTION o365_internal.history_begins() RETURNS timestamptz
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN now() - make_interval(days => o365_internal.integer_setting('history_days'));
END $$;
COMMENT ON FUNCTION o365_internal.history_begins() IS 'The time before which history is forgotten: history_days ago.';
