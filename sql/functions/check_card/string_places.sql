CREATE OR REPLACE FUNCTION o365_internal.string_places(value jsonb, path text) RETURNS TABLE (place text, string text)
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF jsonb_typeof(value) = 'string' THEN
        RETURN QUERY SELECT path, value #>> '{}';
    ELSIF jsonb_typeof(value) = 'object' THEN
        RETURN QUERY SELECT p.* FROM jsonb_each(value) AS e, o365_internal.string_places(e.value,
            CASE WHEN e.key ~ '^[A-Za-z_][A-Za-z0-9_]{0,60}$' THEN path || '.' || e.key ELSE path END) AS p;
    ELSIF jsonb_typeof(value) = 'array' THEN
        RETURN QUERY SELECT p.* FROM jsonb_array_elements(value) WITH ORDINALITY AS e (item, n),
            o365_internal.string_places(e.item, path || '[' || e.n - 1 || ']') AS p;
    END IF;
END $$;
COMMENT ON FUNCTION o365_internal.string_places(jsonb, text) IS
    'Every string of a card with its path; for a string under a key that a path would have to quote, the path of the '
    'object around it. path: that of value.';
