CREATE OR REPLACE FUNCTION o365_internal.reference_codes(bare text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    v_found text;
BEGIN
    -- o365.markdown_escape itself writes a tag with &lt; and a reference with &amp;.
    v_found := substring(
        regexp_replace(bare, '&lt;(?=[[:alpha:]/!?])|&amp;(?=#?[[:alnum:]]+;)' COLLATE "C", '', 'g')
        FROM '&(?:[[:alpha:]][[:alnum:]]{1,31}|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});' COLLATE "C");
    RETURN CASE WHEN v_found IS NOT NULL THEN ARRAY['entity:' || v_found] END;
END $$;
COMMENT ON FUNCTION o365_internal.reference_codes(text) IS
    'The rule that a text breaks by a character reference where none is read; null for none. bare: as for tag_codes.';
