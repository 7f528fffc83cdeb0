CREATE OR REPLACE FUNCTION o365_internal.put_whole_right(kind text, object jsonb, dialect text) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_holds text := o365_internal.holds_in(kind);
BEGIN
    IF kind IN ('m.image', 'a.background', 'a.element:Image', 's.element:Image') THEN
        RETURN CASE WHEN coalesce(object->>(CASE kind WHEN 'm.image' THEN 'image' ELSE 'url' END), '') <> ''
            THEN object END;
    ELSIF kind LIKE '_.fact' AND NOT o365_internal.fact_has_parts(kind, object) THEN
        RETURN NULL;
    ELSIF kind = 'a.fact' THEN
        RETURN object || jsonb_build_object('title', coalesce(nullif(object->>'title', ''), '–'), 'value', coalesce(
            CASE WHEN jsonb_typeof(object->'value') IN ('object', 'array') THEN object->'value'
                 ELSE to_jsonb(nullif(object->>'value', '')) END, '"–"'));
    ELSIF kind LIKE '_.fact' THEN
        RETURN (CASE kind WHEN 'm.fact' THEN '{"name": "", "value": ""}' ELSE '{"title": "", "value": ""}' END)::jsonb
               || jsonb_strip_nulls(object);
    ELSIF v_holds IS NOT NULL AND coalesce(object->v_holds, 'null') IN ('null', '""', '[]')
          OR kind = 's.element:FactSet' AND object->'facts' = '[]' THEN
        RETURN NULL;
    ELSIF kind = 'm.action:ViewAction' AND dialect = 'connector' AND jsonb_typeof(object->'target') = 'array'
          AND jsonb_typeof(object #> '{target,0}') = 'string' THEN
        RETURN (object - '{target,@context}'::text[]) || jsonb_build_object('@type', 'OpenUri',
            'targets', jsonb_build_array(jsonb_build_object('os', 'default', 'uri', object #> '{target,0}')));
    ELSIF kind = 'a.attachment' AND object #>> '{content,type}' = 'AdaptiveCard' THEN
        RETURN object || '{"contentType": "application/vnd.microsoft.card.adaptive"}';
    ELSIF kind = 'a.message' THEN
        RETURN object || '{"type": "message"}';
    END IF;
    RETURN object;
END $$;
COMMENT ON FUNCTION o365_internal.put_whole_right(text, jsonb, text) IS
    'An object whose fields are put right, as a whole: what is empty is null, what is half gets its other half.';
