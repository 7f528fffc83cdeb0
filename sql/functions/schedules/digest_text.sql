CREATE OR REPLACE FUNCTION o365_internal.digest_text(texts text[], most integer) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_text text := nullif((SELECT string_agg(btrim(t.text, E' \r\n\t'), E'\n\n' ORDER BY t.n)
                             FROM unnest(texts) WITH ORDINALITY AS t (text, n)
                            WHERE btrim(t.text, E' \r\n\t') <> ''), '');
BEGIN
    IF length(v_text) <= most OR most IS NULL THEN
        RETURN v_text;
    END IF;
    -- Cut at a blank, and not within a link.
    RETURN nullif(regexp_replace(regexp_replace(left(v_text, most) COLLATE "C", '\s+\S*$', ''),
                                 '!?\[[^\]]*(\]\([^)]*)?$', ''), '')
           || ' …';
END $$;
COMMENT ON FUNCTION o365_internal.digest_text(text[], integer) IS
    'Texts as paragraphs of one, those without a character left out; cut to about that many characters (null: whole). '
    'Null when nothing is left.';
