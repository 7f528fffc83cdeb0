CREATE OR REPLACE FUNCTION o365_internal.html(value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN replace(replace(replace(replace($1, '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), '"', '&quot;');
END $$;
COMMENT ON FUNCTION o365_internal.html(text) IS
    'Text escaped for HTML, also for attributes in double quotes. Null for null.';
