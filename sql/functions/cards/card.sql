CREATE OR REPLACE FUNCTION o365.card(title text, text text DEFAULT NULL, facts json DEFAULT NULL,
    link text DEFAULT NULL, link_title text DEFAULT 'Open',
    theme_color text DEFAULT NULL, image text DEFAULT NULL, summary text DEFAULT NULL)
RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_facts jsonb;
BEGIN
    IF json_typeof(facts) = 'object' THEN
        SELECT jsonb_agg(jsonb_build_object('name', o365.markdown_escape(o365_internal.one_line(f.key)),
                                            'value', coalesce(o365.markdown_escape(o365_internal.one_line(f.value)),
                                                              ''))) INTO v_facts
          FROM json_each_text(facts) AS f;
    ELSIF json_typeof(facts) <> 'null' THEN
        RAISE EXCEPTION 'facts is a JSON %', json_typeof(facts)
            USING ERRCODE = 'invalid_parameter_value',
                HINT = 'Write json_build_object(''Status'', status, ''Owner'', owner).';
    END IF;
    RETURN jsonb_strip_nulls(jsonb_build_object('@type', 'MessageCard', '@context', 'https://schema.org/extensions',
        'summary', coalesce(nullif(summary, ''), nullif(o365_internal.one_line(title), ''), left(text, 200)),
        'title', o365.markdown_escape(o365_internal.one_line(title)), 'text', text, 'themeColor',
        ltrim(theme_color, '#'),
        'sections', CASE WHEN v_facts IS NOT NULL OR image IS NOT NULL THEN jsonb_build_array(jsonb_build_object(
            'facts', v_facts, 'images', CASE WHEN image IS NOT NULL
                THEN jsonb_build_array(jsonb_build_object('image', image)) END)) END,
        'potentialAction', CASE WHEN link IS NOT NULL
            THEN jsonb_build_array(jsonb_build_object('@type', 'OpenUri', 'name', link_title,
            'targets', jsonb_build_array(jsonb_build_object('os', 'default', 'uri', link)))) END));
END $$;
COMMENT ON FUNCTION o365.card(text, text, json, text, text, text, text, text) IS
    'A MessageCard for o365.send. text is Markdown; title and facts are data: they are escaped, and shown in one line. '
    'facts: a json object, whose order is kept (json_build_object, not jsonb). link becomes a button; image: an https '
    'address. Error: invalid_parameter_value (facts).';
