CREATE OR REPLACE FUNCTION o365_internal.one_line(value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN regexp_replace(btrim(value, E' \t\r\n'), '\s*[\r\n]\s*' COLLATE "C", ' · ', 'g');
END $$;
COMMENT ON FUNCTION o365_internal.one_line(text) IS
    'Text without breaks, for a title or a fact: a dot stands in their place. Null for null.';
