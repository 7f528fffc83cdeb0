CREATE OR REPLACE FUNCTION o365_internal.digest_section(card jsonb, most integer) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    c_actions CONSTANT integer := 4;   -- of a section; the other links stand in its text
    v_card jsonb := card;
    v_only jsonb := '{}';              -- the card's section, where it has one
    v_title text;
    v_texts text[];
    v_facts jsonb;
    v_images jsonb;
    v_actions jsonb;
BEGIN
    IF lower((card->>'type') COLLATE "C") = 'adaptivecard' THEN
        -- Only from the few elements that a MessageCard can show completely.
        v_texts := ARRAY(SELECT b.e->>'text' FROM jsonb_path_query(card, '$.body[*]') WITH ORDINALITY AS b (e, n)
                          WHERE b.e->>'type' = 'TextBlock' ORDER BY b.n);
        IF card #>> '{body,0,weight}' = 'Bolder' THEN
            v_title := v_texts[1];
            v_texts := v_texts[2:];
        END IF;
        v_texts := coalesce(nullif(v_texts, '{}'), CASE WHEN v_title IS NULL THEN ARRAY[card->>'fallbackText'] END);
        v_facts := (SELECT jsonb_agg(jsonb_build_object('name', f.fact->'title', 'value', f.fact->'value') ORDER BY f.n)
                      FROM jsonb_path_query(card, '$.body[*] ? (@.type == "FactSet").facts[*]')
                           WITH ORDINALITY AS f (fact, n));
        v_images := (SELECT jsonb_agg(jsonb_build_object('image', i.image->'url') ORDER BY i.n)
                       FROM jsonb_path_query(card, '$.body[*] ? (@.type == "Image")') WITH ORDINALITY AS i (image, n));
        v_actions := (SELECT jsonb_agg(jsonb_build_object('@type', 'OpenUri', 'name', a.action->'title', 'targets',
                             jsonb_build_array(jsonb_build_object('os', 'default', 'uri', a.action->'url')))
                             ORDER BY a.n)
                        FROM jsonb_path_query(card, '$.actions[*]') WITH ORDINALITY AS a (action, n));
    ELSE
        v_title := coalesce(nullif(card->>'title', ''), nullif(card #>> '{sections,0,title}', ''));
        IF jsonb_path_query_array(card, '$.sections.size()') = '[1]' THEN
            v_only := (card #> '{sections,0}') - '{title,text,facts,images,potentialAction,startGroup}'::text[];
        END IF;
        v_texts := ARRAY[card->>'text'] || ARRAY(
            SELECT t.text FROM jsonb_path_query(card, '$.sections[*]') WITH ORDINALITY AS s (section, n)
             CROSS JOIN LATERAL (VALUES
                 (1, '**' || nullif(CASE WHEN s.n = 1 AND coalesce(card->>'title', '') = '' THEN NULL
                                         ELSE s.section->>'title' END, '') || '**'),
                 (2, CASE WHEN v_only = '{}' THEN s.section->>'activityTitle' END),
                 (3, CASE WHEN v_only = '{}' THEN s.section->>'activitySubtitle' END),
                 (4, CASE WHEN v_only = '{}' THEN s.section->>'activityText' END),
                 (5, s.section->>'text')) AS t (n, text)
             ORDER BY s.n, t.n);
        v_facts := jsonb_path_query_array(card, '$.sections[*].facts[*]');
        v_images := jsonb_path_query_array(card, '$.sections[*].images[*]');
        v_actions := jsonb_path_query_array(card, '$.sections[*].potentialAction[*]')
                     || jsonb_path_query_array(card, '$.potentialAction[*]');
        IF v_title IS NULL AND v_only = '{}' AND v_facts = '[]' AND v_images = '[]'
           AND o365_internal.digest_text(v_texts, NULL) IS NULL THEN
            v_texts := ARRAY[card->>'summary'];
        END IF;
    END IF;
    v_texts := ARRAY[o365_internal.digest_text(v_texts, CASE WHEN v_title IS NULL THEN greatest(most, 100)
                                                             ELSE most END)]
        || ARRAY(SELECT format('[%s](%s)', coalesce(nullif(a.action->>'name', ''), a.action #>> '{targets,0,uri}'),
                               a.action #>> '{targets,0,uri}')
                   FROM jsonb_array_elements(v_actions) WITH ORDINALITY AS a (action, n) WHERE a.n > c_actions
                  ORDER BY a.n);
    RETURN CASE WHEN most <= 200 THEN '{}' ELSE v_only END || jsonb_strip_nulls(jsonb_build_object(
        'startGroup', true, 'title', v_title, 'text', o365_internal.digest_text(v_texts, NULL),
        'facts', CASE WHEN most <= 200 THEN NULL ELSE nullif(v_facts, '[]') END,
        'images', CASE WHEN most <= 200 THEN NULL ELSE nullif(v_images, '[]') END,
        'potentialAction', nullif(jsonb_path_query_array(v_actions, '$[0 to 3]'), '[]')));
END $$;
COMMENT ON FUNCTION o365_internal.digest_section(jsonb, integer) IS
    'A card as a section of a digest that is a MessageCard: title, texts, facts, pictures and links. most: characters '
    'of its text, null for all; up to 200 also without facts and pictures. The title and all links are always kept.';
