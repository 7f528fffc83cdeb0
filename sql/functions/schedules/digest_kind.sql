CREATE OR REPLACE FUNCTION o365_internal.digest_kind(card jsonb, dialect text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_root text := o365_internal.card_root(card, dialect);
    v_card jsonb := card;
BEGIN
    IF v_root = 'm.card' THEN
        RETURN CASE WHEN jsonb_path_exists(card, '$.potentialAction[*] ? (!(@."@type" == "OpenUri"))')
                      OR jsonb_path_exists(card, '$.sections[*].potentialAction[*] ? (!(@."@type" == "OpenUri"))')
                      -- Texts that are not Markdown cannot be mixed with Markdown.
                      OR jsonb_path_exists(card, '$.sections[*] ? (@.markdown == false)')
                    THEN NULL ELSE 'message' END;
    END IF;
    IF v_root = 'a.message' THEN
        v_card := card #> '{attachments,0,content}';
        IF jsonb_array_length(card->'attachments') <> 1
           OR lower((v_card->>'type') COLLATE "C") IS DISTINCT FROM 'adaptivecard' THEN
            RETURN NULL;
        END IF;
    END IF;
    -- Inputs and buttons belong to one card, and so do the names by which its parts are shown and hidden.
    -- A digest adds two levels, so a card with the most levels cannot be folded.
    IF v_card ?| '{refresh,authentication}' OR jsonb_path_exists(v_card, 'strict $.**{37 to last}')
       OR jsonb_path_exists(v_card, 'strict $.** ? (@.type starts with "Input.")')
       OR jsonb_path_exists(v_card, 'strict $.** ? (@.type starts with "Action." && @.type != "Action.OpenUrl")') THEN
        RETURN NULL;
    END IF;
    RETURN CASE WHEN v_root = 's.card' THEN 'message' ELSE 'adaptive' END;
END $$;
COMMENT ON FUNCTION o365_internal.digest_kind(jsonb, text) IS
    'Which kind of digest a card that was sent to webhooks of a dialect can be folded into: message (a MessageCard) or '
    'adaptive (an Adaptive Card). Null: it goes alone, because something is typed or pressed in it, it has more than '
    'one attachment, texts without Markdown, or is nested too deeply.';
