CREATE OR REPLACE FUNCTION o365_internal.quota_name(dialect text, per text, seconds integer) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN format('quota of a %s''s %s in %s s', dialect, per, seconds);
END $$;
COMMENT ON FUNCTION o365_internal.quota_name(text, text, integer) IS
    'What events call a window of a far end: the object of setting_changed.';
