CREATE OR REPLACE FUNCTION o365_internal.without_escapes(value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- &amp; comes last: otherwise the text after it would be read as an entity.
    RETURN btrim(replace(replace(replace(regexp_replace(value, '\\([!-/:-@\[-`{-~])', '\1', 'g'), '&lt;', '<'), '&gt;',
                                 '>'), '&amp;', '&'));
END $$;
COMMENT ON FUNCTION o365_internal.without_escapes(text) IS
    'Markdown as it is read where none is rendered: a backslash before punctuation is gone, &lt; &gt; &amp; are their '
    'characters. Null for null.';
