CREATE OR REPLACE FUNCTION o365_internal.value_codes(card jsonb, json_text text) RETURNS text[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_codes text[] := '{}';
BEGIN
    -- The worker's JSON reader has limits for numbers and levels. jsonb writes such a number in full.
    IF json_text ~ '[0-9]{200}' AND jsonb_path_exists(card, '$.** ? (@ > 1.7e308 || @ < -1.7e308)') THEN
        v_codes := v_codes || '$:number'::text;
    END IF;
    -- Only a large text can have a paragraph that is too long; jsonb writes a control character as an escape, or
    -- unchanged.
    IF octet_length(json_text) > 10000 OR position(E'\x7f' IN json_text) > 0 OR json_text ~ '\\(u00|[bf])' THEN
        v_codes := v_codes || ARRAY(
            SELECT DISTINCT p.place || CASE WHEN p.string ~ '[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]'
                                            THEN ':control:' || substring(p.place FROM '[^.]*$')
                                            ELSE ':long_paragraph:' || substring(p.place FROM '[^.]*$') || ':'
                                                 || length(p.string) END
              FROM o365_internal.string_places(card, '$') AS p
             WHERE p.string ~ '[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]'
                OR length(p.string) > 10000 AND p.string !~ '^data:'
                   AND EXISTS (SELECT FROM regexp_split_to_table(p.string, '\n\s*\n' COLLATE "C") AS paragraph
                                WHERE length(paragraph) > 10000)
             LIMIT 100);
    END IF;
    RETURN v_codes;
END $$;
COMMENT ON FUNCTION o365_internal.value_codes(jsonb, text) IS
    'Rules that a card''s numbers and texts break wherever they stand, each after its path; {} for none. json_text: '
    'the card''s text.';
