CREATE OR REPLACE FUNCTION o365_internal.fact_has_parts(kind text, value jsonb) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN jsonb_path_exists(value, (CASE kind WHEN 'a.fact' THEN '$.* ? (@ != null && @ != "")'
                                               ELSE '$.* ? (@ != null)' END)::jsonpath);
END $$;
COMMENT ON FUNCTION o365_internal.fact_has_parts(text, jsonb) IS
    'Whether a fact of that kind (m.fact, a.fact, s.fact) has anything in it.';
