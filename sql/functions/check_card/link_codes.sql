CREATE OR REPLACE FUNCTION o365_internal.link_codes(value text, bare text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    v_link text[];
    v_codes text[];
BEGIN
    IF bare ~* '\]\((?!\s*<?(https?|mailto|tel|sip|msteams):)\s*[^\s)]' COLLATE "C" THEN
        v_codes := v_codes || 'markdown:a link without https://'::text;
    END IF;
    -- An escaped bracket does not count as a bracket, but an escaped parenthesis of an address does count.
    v_link := o365_internal.link_spelling(regexp_replace(value, '`[^`]*`|\\[][]', '', 'g'));
    IF v_link IS NOT NULL THEN
        v_codes := v_codes || ('link_spelling:' || array_to_string(v_link, E'\x01'));
    END IF;
    RETURN v_codes;
END $$;
COMMENT ON FUNCTION o365_internal.link_codes(text, text) IS
    'Rules that a text breaks by its links; null for none. bare: as for tag_codes.';
