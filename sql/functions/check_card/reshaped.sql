CREATE OR REPLACE FUNCTION o365_internal.reshaped(card jsonb, OUT shaped jsonb, OUT code text, OUT path text,
    OUT shaped_path text)
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF NOT card ?| '{attachments,content}' THEN
        RETURN;
    ELSIF NOT card ? 'attachments' THEN
        -- A single attachment, without the envelope around it.
        IF NOT card ?| '{@type,text,title,summary,sections,body}' AND jsonb_typeof(card->'content') = 'object'
           AND (lower((card #>> '{content,type}') COLLATE "C") = 'adaptivecard'
               OR o365_internal.is_message_card(card->'content', card->>'contentType')) THEN
            shaped := jsonb_build_object('type', 'message', 'attachments', jsonb_build_array(card));
            code := 'bare_attachment';
            path := '$';
            shaped_path := '$.attachments[0]';
        END IF;
        RETURN;
    ELSIF jsonb_typeof(card->'attachments') <> 'array'
        OR jsonb_path_exists(card, '$.attachments.**.attachments.**.attachments') THEN
        RETURN;  -- nobody means envelopes to any depth
    END IF;
    shaped_path := '$';
    IF jsonb_array_length(card->'attachments') = 1 THEN
        path := '$.attachments[0].content';
        IF o365_internal.is_message_card(card #> '{attachments,0,content}', card #>> '{attachments,0,contentType}') THEN
            code := 'wrapped_card';
        ELSIF NOT card #> '{attachments,0}' ? 'content'
            AND o365_internal.is_message_card(card #> '{attachments,0}', NULL) THEN
            code := 'wrapped_card';
            path := '$.attachments[0]';
        ELSIF jsonb_typeof(card #> '{attachments,0,content}') = 'object'
              AND jsonb_typeof(card #> '{attachments,0,content,attachments}') = 'array'
              AND lower((card #>> '{attachments,0,content,type}') COLLATE "C") IS DISTINCT FROM 'adaptivecard' THEN
            code := 'double_envelope';
        END IF;
        IF code IS NOT NULL THEN
            shaped := card #> CASE path WHEN '$.attachments[0]' THEN '{attachments,0}'
                ELSE '{attachments,0,content}' END::text[];
            RETURN;
        END IF;
    END IF;
    -- A card directly in attachments: one at a time.
    FOR v_i IN 0 .. least(jsonb_array_length(card->'attachments'), 100) - 1 LOOP
        IF lower((card #>> ARRAY['attachments', v_i::text, 'type']) COLLATE "C") = 'adaptivecard'
            AND NOT card #> ARRAY['attachments', v_i::text] ? 'content' THEN
            shaped := jsonb_set(card, ARRAY['attachments', v_i::text], jsonb_build_object(
                'contentType', 'application/vnd.microsoft.card.adaptive', 'content',
                    card #> ARRAY['attachments', v_i::text]));
            code := 'bare_card';
            path := format('$.attachments[%s]', v_i);
            shaped_path := path || '.content';
            RETURN;
        END IF;
    END LOOP;
    path := NULL;
    shaped_path := NULL;
END $$;
COMMENT ON FUNCTION o365_internal.reshaped(jsonb) IS
    'The card that stands in another shape than a webhook reads: shaped, the rule that it breaks, and the path in the '
    'card of what is shaped_path in shaped. All null for a card that stands as it should.';
