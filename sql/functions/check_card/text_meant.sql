CREATE OR REPLACE FUNCTION o365_internal.text_meant(rule text, value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN CASE WHEN rule = 'version' AND value ~ '^1(\.0+)?$' THEN '1.0'
                WHEN rule = 'version' AND value ~ '^1\.[0-5]0*$' THEN left(value, 3)
                WHEN rule = 'width' AND value ~ '^[0-9]+(\.[0-9]+)?$' THEN value || 'px'
                ELSE value END;
END $$;
COMMENT ON FUNCTION o365_internal.text_meant(text, text) IS
    'The text that is meant by a number where a field of that rule has a text: a version has a minor number, a width '
    'in pixels its unit.';
