CREATE OR REPLACE FUNCTION o365_internal.check_extra(extra jsonb, which text DEFAULT '') RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    c_most CONSTANT integer := 1000;   -- bytes
    v_key text;
    v_problem text;
BEGIN
    IF extra IS NULL OR extra = '{}' THEN
        RETURN;
    ELSIF jsonb_typeof(extra) <> 'object' THEN
        v_problem := 'extra is a JSON ' || jsonb_typeof(extra);
    ELSIF octet_length(extra::text) > c_most THEN
        v_problem := format('extra has %s bytes, and may have %s', octet_length(extra::text), c_most);
    ELSE
        v_key := (SELECT e.key FROM jsonb_each(extra) AS e
                   WHERE e.key IN ('', 'type', 'attachments') OR jsonb_typeof(e.value) <> 'string'
                   ORDER BY e.key LIMIT 1);
        IF v_key IN ('', 'type', 'attachments') THEN
            v_problem := format('extra has a field %L, which %s', v_key,
                                CASE v_key WHEN '' THEN 'has no name' ELSE 'is the envelope''s own' END);
        ELSIF v_key IS NOT NULL THEN
            v_problem := format('extra has a field %L that is a JSON %s', left(v_key, 60), jsonb_typeof(extra->v_key));
        END IF;
    END IF;
    IF v_problem IS NOT NULL THEN
        RAISE EXCEPTION '%', which || v_problem
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'It is an object of strings, such as {"recipient": "ann@contoso.example"}, of at most '
                         '1,000 bytes. The names type and attachments are taken.';
    END IF;
END $$;
COMMENT ON FUNCTION o365_internal.check_extra(jsonb, text) IS
    'Judges fields that are to stand beside a card; null and {} are none. which: the beginning of the message, for one '
    'card of many. Error: invalid_parameter_value.';
