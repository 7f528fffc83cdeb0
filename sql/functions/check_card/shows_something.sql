CREATE OR REPLACE FUNCTION o365_internal.shows_something(elements jsonb) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM jsonb_path_query(elements, '$[*] ? (@.type() == "object")') AS e
         WHERE o365_internal.as_boolean(e->'isVisible') IS NOT false
           AND CASE lower((e->>'type') COLLATE "C")
                   WHEN 'textblock' THEN o365_internal.is_seen(e->>'text')
                   WHEN 'factset' THEN EXISTS (SELECT FROM jsonb_path_query(e, '$.facts[*].*') AS f
                       WHERE o365_internal.is_seen(f #>> '{}'))
                   WHEN 'imageset' THEN jsonb_path_exists(e, '$.images[*].url ? (@ != null && @ != "")')
                   WHEN 'image' THEN e->>'url' <> ''
                   WHEN 'actionset' THEN jsonb_path_exists(e, '$.actions[*] ? (@ != null)')
                   WHEN 'richtextblock' THEN EXISTS (
                       SELECT FROM jsonb_path_query(e, '$.inlines[*]') AS i
                        WHERE o365_internal.is_seen(CASE jsonb_typeof(i) WHEN 'string' THEN i #>> '{}'
                            ELSE i->>'text' END))
                   WHEN 'container' THEN o365_internal.holds_something(e)
                   WHEN 'columnset' THEN EXISTS (
                       SELECT FROM jsonb_path_query(e, '$.columns[*]') AS c
                        WHERE o365_internal.as_boolean(c->'isVisible') IS NOT false
                            AND o365_internal.holds_something(c))
                   WHEN 'table' THEN EXISTS (
                       SELECT FROM jsonb_path_query(e, '$.rows[*].cells[*]') AS c
                           WHERE o365_internal.holds_something(c))
                   ELSE o365_internal.is_shown_element(e->>'type')
                        OR EXISTS (SELECT FROM o365_internal.card_kind AS k
                            WHERE lower(k.kind COLLATE "C") = 'a.element:' || lower((e->>'type') COLLATE "C"))
                        OR jsonb_typeof(e->'fallback') = 'object'
                            AND o365_internal.shows_something(jsonb_build_array(e->'fallback')) END);
END $$;
COMMENT ON FUNCTION o365_internal.shows_something(jsonb) IS
    'Whether anything in a list of elements of an Adaptive Card is shown: one that is known, or has a fallback, is not '
    'hidden, and has something in it that is seen.';
