CREATE OR REPLACE FUNCTION o365_internal.as_boolean(value jsonb) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN CASE WHEN jsonb_typeof(value) = 'boolean' THEN value::boolean
                WHEN jsonb_typeof(value) = 'string' THEN CASE lower(btrim(value #>> '{}') COLLATE "C") WHEN 'true'
                    THEN true WHEN 'false' THEN false END
                WHEN value = '1' THEN true WHEN value = '0' THEN false END;
END $$;
COMMENT ON FUNCTION o365_internal.as_boolean(jsonb) IS
    'What a far end reads where a boolean is documented: true, false, their names in any case, 1 and 0. Null for '
    'everything else.';
