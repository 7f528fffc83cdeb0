CREATE OR REPLACE FUNCTION o365_internal.form_codes(rule text, key text, path text, value jsonb) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    v_text text := value #>> '{}';
    v_is_first boolean := path LIKE '$.body[0].%';
BEGIN
    RETURN CASE rule
        WHEN 'no_effect' THEN '{no_effect}'::text[]
        -- A column's width may be a number, which is a share.
        WHEN 'width' THEN
            CASE WHEN jsonb_typeof(value) = 'string' AND v_text !~* '^(auto|stretch|[0-9]+(\.[0-9]+)?px)$'
                      OR jsonb_typeof(value) NOT IN ('string', 'number')
                 THEN ARRAY['width:' || coalesce(nullif(left(v_text, 60), ''), 'empty')] END
        WHEN 'color' THEN
            CASE WHEN v_text ~ '^#[0-9a-fA-F]{6}$' THEN ARRAY['color_hash:' || substr(v_text, 2)]
                 WHEN v_text !~ '^([0-9a-fA-F]{6})?$' THEN '{color}' END
        WHEN 'uuid' THEN
            CASE WHEN v_text !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN '{uuid}'::text[] END
        WHEN 'version' THEN
            CASE WHEN v_text ~ '^1\.[0-5]$' THEN NULL
                 WHEN o365_internal.text_meant(rule, v_text) ~ '^1\.[0-5]$'
                     THEN ARRAY['version_spelling:' || o365_internal.text_meant(rule, v_text)]
                 ELSE ARRAY['version:' || coalesce(nullif(left(v_text, 20), ''), 'empty')] END
        WHEN 'heading' THEN
            CASE WHEN lower(v_text COLLATE "C") <> 'default'
                      AND (NOT v_is_first
                           OR lower(v_text COLLATE "C") <> ALL (CASE key WHEN 'weight' THEN '{bolder}'
                                                                ELSE '{medium,large,extralarge}' END::text[]))
                 THEN ARRAY['lost_for_connector:' || key
                            || CASE WHEN v_is_first THEN ' ' || left(v_text, 20) ELSE ' here' END] END
        END;
END $$;
COMMENT ON FUNCTION o365_internal.form_codes(text, text, text, jsonb) IS
    'Rules that are broken by a value which has to have a form (width, color, uuid, version, heading), or which does '
    'nothing (no_effect); null for none. path: where it stands.';
