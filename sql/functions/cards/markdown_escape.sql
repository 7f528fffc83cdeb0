CREATE OR REPLACE FUNCTION o365.markdown_escape(value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_text text;
BEGIN
    -- Only characters that would be markup get a backslash, because some clients show certain fields without reading
    -- Markdown.
    v_text := regexp_replace(value, '\\(?=[[:punct:]nr\n\r]|$)' COLLATE "C", '\\\\', 'g');
    -- A character reference, and a < that begins a tag.
    v_text := regexp_replace(regexp_replace(v_text, '&(?=#?[0-9A-Za-z]+;)', '&amp;', 'g'),
                             '<(?=[[:alpha:]/!?%])' COLLATE "C", '&lt;', 'g');
    -- Emphasis, but not _ inside a word or * between blanks; code, strike-through, links, tables, footnotes and
    -- templates.
    v_text := regexp_replace(v_text,
                             '(`|\*(?! )|(?<! )\*|_(?!_*[[:alnum:]])|(?<![[:alnum:]]_*)_|~(?=~)|(?<=\S)~|'
                             '\](?=[(:[])|\[(?=\^)|\|(?=[ :]*-)|(?<=[$#{])\{|\{(?=[{%])|\$(?=\())' COLLATE "C",
                             '\\\1', 'g');
    -- Markup at the beginning of a line: code by its indent, headings, lists, quotations and rules.
    v_text := regexp_replace(v_text, '^( {4,}| {0,3}\t[ \t]*)', repeat(chr(160), 4), 'gn');
    v_text := regexp_replace(v_text, '^([ \t]*)([#>]|[-+*](?=[ \t]|$)|-(?=-)|=(?==*[ \t]*$))', '\1\\\2', 'gn');
    v_text := regexp_replace(v_text, '^([ \t]*[0-9]+)([.)])(?=[ \t]|$)', '\1\\\2', 'gn');
    RETURN regexp_replace(v_text, '(\r\n?|\n)+', E'\n\n', 'g');
END $$;
COMMENT ON FUNCTION o365.markdown_escape(text) IS
    'Escapes text of users for a place where Markdown is read: it is shown as it was typed, each line as a paragraph, '
    'an indent of four blanks or more as four. Between the brackets of a link use o365.link. Null for null.';
