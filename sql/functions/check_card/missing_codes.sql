CREATE OR REPLACE FUNCTION o365_internal.missing_codes(kind text, names text[]) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    v_code text := CASE WHEN kind ~ '^s\.' OR kind IN ('a.message', 'a.attachment', 'a.card', 'a.action:Action.OpenUrl')
                        THEN 'needed:' ELSE 'missing:' END;
BEGIN
    RETURN CASE
        -- Microsoft's own template tests for each fact and picture whether it is present.
        WHEN kind LIKE '_.fact' THEN ARRAY(SELECT 'fact_part:' || n FROM unnest(names) AS n)
        WHEN kind IN ('m.image', 'a.element:Image', 's.element:Image', 'a.background') AND names && '{image,url}'
            THEN ARRAY['empty_picture:' || CASE kind WHEN 'm.image' THEN 'image' ELSE 'url' END]
                 || ARRAY(SELECT v_code || n FROM unnest(names) AS n WHERE n NOT IN ('image', 'url'))
        -- It is left out like an empty one.
        WHEN o365_internal.holds_in(kind) = ANY (names) THEN ARRAY['empty_element:' || split_part(kind, ':', 2)]
        ELSE ARRAY(SELECT CASE n WHEN 'contentType' THEN 'missing:' ELSE v_code END || n FROM unnest(names) AS n) END;
END $$;
COMMENT ON FUNCTION o365_internal.missing_codes(text, text[]) IS
    'Rules that an object of a kind breaks by having no such fields.';
