CREATE OR REPLACE FUNCTION o365_internal.make_digest(
    cards jsonb[], kind text, dialect text, name text DEFAULT NULL, language text DEFAULT NULL, link text DEFAULT NULL)
RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    c_sections CONSTANT integer := 10;
    v_cards jsonb[] := ARRAY(SELECT CASE WHEN c.card ? 'attachments' THEN c.card #> '{attachments,0,content}'
                                         ELSE c.card END
                                FROM unnest(cards) WITH ORDINALITY AS c (card, n) ORDER BY c.n);
    v_words text[] := CASE split_part(language, '-', 1)
        WHEN 'de' THEN ARRAY['%s Nachrichten', 'und %s weitere'] WHEN 'fr' THEN ARRAY['%s messages', 'et %s autres']
        WHEN 'es' THEN ARRAY['%s mensajes', 'y %s más'] ELSE ARRAY['%s messages', 'and %s more'] END;
    v_title text := concat_ws(': ', o365_internal.one_line(name), format(v_words[1], cardinality(cards)));
    v_limit integer := o365_internal.integer_setting('card_size_limit');
    v_shown integer := least(c_sections, cardinality(cards));
    v_most integer;
    v_more text;
    v_text text;
    v_digest jsonb;
BEGIN
    -- First texts are cut, then facts and pictures are removed, then whole cards, from the end.
    LOOP
        v_more := CASE WHEN v_shown < cardinality(cards) THEN format(v_words[2], cardinality(cards) - v_shown) END;
        v_digest := CASE kind
            WHEN 'adaptive' THEN o365_internal.adaptive_digest(v_cards, v_shown, v_most, v_title, v_more, link)
            ELSE o365_internal.message_digest(v_cards, v_shown, v_most, v_title, v_more, link) END;
        v_text := v_digest::text;
        EXIT WHEN v_shown = 0 OR octet_length(v_text) <= v_limit
            AND o365_internal.counted_size(v_digest, v_text, o365_internal.card_root(v_digest, dialect), dialect)
                <= o365_internal.counted_limit(v_limit);
        IF v_most IS NULL THEN
            v_most := 2000;
        ELSIF v_most > 0 THEN
            v_most := CASE WHEN v_most > 200 THEN v_most / 2 ELSE 0 END;
        ELSE
            v_shown := v_shown - 1;
        END IF;
    END LOOP;
    RETURN v_digest;
END $$;
COMMENT ON FUNCTION o365_internal.make_digest(jsonb[], text, text, text, text, text) IS
    'One card for many of a kind (digest_kind), for webhooks of a dialect: at most ten of them, in order, as many as '
    'the far end''s size allows, and how many more there are, with the link. name: whose messages they are. language: '
    'of its own words, de, es, fr or else English.';
