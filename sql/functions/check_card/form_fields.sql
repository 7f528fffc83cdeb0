CREATE OR REPLACE FUNCTION o365_internal.form_fields(value jsonb) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN (SELECT coalesce(sum(CASE WHEN i.input->'isMultiSelect' = 'true' AND i.input->>'@type' = 'MultichoiceInput'
        AND jsonb_typeof(i.input->'choices') = 'array'
                                     THEN jsonb_array_length(i.input->'choices') ELSE 1 END), 0)
                                         FROM jsonb_path_query(value, '$.inputs[*]') AS i (input));
END $$;
COMMENT ON FUNCTION o365_internal.form_fields(jsonb) IS
    'How many fields the form of an ActionCard has on the page that its link leads to: one an input, one a choice '
    'where several may be chosen.';
