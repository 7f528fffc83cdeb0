CREATE OR REPLACE FUNCTION o365.link(text text, url text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_url text := regexp_replace(btrim(url, E' \t\r\n'), '\s' COLLATE "C", '%20', 'g');
    v_text text := coalesce(nullif(o365_internal.one_line(text), ''), v_url);
BEGIN
    -- Parsers disagree about parentheses in an address and brackets in a text: they agree where there are none.
    v_url := replace(replace(replace(replace(v_url, '(', '%28'), ')', '%29'), '<', '%3C'), '>', '%3E');
    IF NOT o365_internal.is_web_address(v_url) THEN
        RAISE EXCEPTION 'url is no absolute address'
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Write https://HOST/...';
    END IF;
    v_text := replace(regexp_replace(v_text, '&(?=#?[0-9A-Za-z]+;)', '&amp;', 'g'), '<', '&lt;');
    RETURN '[' || regexp_replace(v_text, '([\\`*_{}\[\]~|$])', '\\\1', 'g') || '](' || v_url || ')';
END $$;
COMMENT ON FUNCTION o365.link(text, text) IS
    'A link in Markdown, for a text or the value of a fact: text is shown as it is, in one line, and without one the '
    'address. Blanks and parentheses of the address are %-encoded. Null for no url. Error: invalid_parameter_value for '
    'a url that is not an http or https address.';
