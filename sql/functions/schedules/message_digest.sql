CREATE OR REPLACE FUNCTION o365_internal.message_digest(
    cards jsonb[], shown integer, most integer, title text, more text, link text) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN jsonb_strip_nulls(jsonb_build_object('@type', 'MessageCard', '@context', 'https://schema.org/extensions',
        'summary', title, 'title', o365.markdown_escape(title),
        'text', CASE WHEN link IS NULL OR shown = 0 THEN more END,
        'sections', (SELECT jsonb_agg(o365_internal.digest_section(c.card, most) ORDER BY c.n)
                       FROM unnest(cards[:shown]) WITH ORDINALITY AS c (card, n)),
        'potentialAction', CASE WHEN link IS NOT NULL AND more IS NOT NULL THEN jsonb_build_array(jsonb_build_object(
            '@type', 'OpenUri', 'name', more,
            'targets', jsonb_build_array(jsonb_build_object('os', 'default', 'uri', link)))) END));
END $$;
COMMENT ON FUNCTION o365_internal.message_digest(jsonb[], integer, integer, text, text, text) IS
    'A digest that is a MessageCard, of the first of these cards; most as in digest_section. more: how many are not '
    'shown, in words, null for none; a button to link says so, without a link the text.';
