CREATE OR REPLACE FUNCTION o365_internal.without_links(content text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN regexp_replace(content, '((/manage/|/action/)|([?&]ticket=))[A-Za-z0-9_-]+', '\1***', 'g');
END $$;
COMMENT ON FUNCTION o365_internal.without_links(text) IS
    'The text with *** in place of what is secret in links of ours: links that manage a connection, links to actions, '
    'and tickets. Null for null.';
