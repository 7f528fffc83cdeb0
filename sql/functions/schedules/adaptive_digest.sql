CREATE OR REPLACE FUNCTION o365_internal.adaptive_digest(
    cards jsonb[], shown integer, most integer, title text, more text, link text) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_entities jsonb := (SELECT jsonb_agg(e.entity ORDER BY c.n)
                           FROM unnest(cards[:shown]) WITH ORDINALITY AS c (card, n)
                          CROSS JOIN LATERAL jsonb_path_query(c.card, '$.msteams.entities[*]') AS e (entity));
BEGIN
    RETURN jsonb_strip_nulls(jsonb_build_object('type', 'AdaptiveCard',
            '$schema', 'http://adaptivecards.io/schemas/adaptive-card.json',
            'version', (SELECT greatest('1.2', max(c.card->>'version')) FROM unnest(cards[:shown]) AS c (card)),
            'fallbackText', title,
            'msteams', CASE WHEN v_entities IS NOT NULL THEN jsonb_build_object('entities', v_entities) END))
        || jsonb_build_object('body',
            jsonb_build_array(jsonb_build_object('type', 'TextBlock', 'wrap', true, 'size', 'Large', 'weight', 'Bolder',
                                                 'text', o365.markdown_escape(title)))
            || coalesce((SELECT jsonb_agg(o365_internal.digest_container(c.card, most) ORDER BY c.n)
                           FROM unnest(cards[:shown]) WITH ORDINALITY AS c (card, n)), '[]')
            || CASE WHEN more IS NULL THEN '[]'
                    ELSE jsonb_build_array(jsonb_build_object('type', 'TextBlock', 'wrap', true, 'separator', true,
                        'text', CASE WHEN link IS NULL THEN more ELSE format('[%s](%s)', more, link) END)) END);
END $$;
COMMENT ON FUNCTION o365_internal.adaptive_digest(jsonb[], integer, integer, text, text, text) IS
    'A digest that is an Adaptive Card, of the first of these cards; most as in digest_container. more: how many are '
    'not shown, in words, null for none; it leads to link.';
