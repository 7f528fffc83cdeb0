CREATE OR REPLACE FUNCTION o365_internal.card_problems(card jsonb, dialect text, target_urls text[],
    json_text text DEFAULT NULL, size_limit integer DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_json text := coalesce(json_text, card::text);
    v_size integer := octet_length(v_json);
    v_limit integer := coalesce(size_limit, o365_internal.integer_setting('card_size_limit'));
    v_root text;
    v_walk o365_internal.card_walk;
    v_too_deep boolean;
    v_doubts jsonb;
    v_shape record;
    v_codes text[] := '{}';
    v_problems jsonb;
BEGIN
    -- A card with only a text, without a character that any rule looks for, is valid for both dialects, and a
    -- conversion adds little to it. This takes one expression; a session that sends cards only now and then pays for
    -- each further one below again.
    IF v_size < least(10000, v_limit - 700)
       AND v_json ~ '^\{"text": "[ ]*[0-9A-Za-z][^][<>{$#&*_~|`\\\x7f"]*"\}$' COLLATE "C" THEN
        RETURN '[]';
    END IF;
    IF card IS NULL OR jsonb_typeof(card) <> 'object' THEN
        RETURN o365_internal.walked_problems(NULL, card, NULL, NULL, '{$:no_object}');
    ELSIF v_size > v_limit THEN
        RETURN o365_internal.walked_problems(NULL, card, NULL, NULL, ARRAY['$:size:' || v_size || '::' || v_limit]);
    END IF;
    v_too_deep := jsonb_path_exists(card, '$.**{200}');
    IF (card ? 'attachments' OR card ? 'content') AND NOT v_too_deep THEN
        v_shape := o365_internal.reshaped(card);
        IF v_shape.code IS NOT NULL THEN
            RETURN o365_internal.reshaped_problems(v_shape.shaped, v_shape.code, v_shape.path, v_shape.shaped_path,
                                                   dialect, target_urls);
        END IF;
    END IF;
    v_root := o365_internal.card_root(card, dialect);
    v_walk := ROW(v_root = 's.card' OR v_root = 'm.card' AND dialect = 'workflow', target_urls, true, true);
    -- If no conversion adds to it, the counted size is at most twice the card's size, plus 200.
    IF v_walk.converts OR v_size * 2 + 200 > v_limit OR position('"o365:action"' IN v_json) > 0 THEN
        v_codes := v_codes || o365_internal.size_codes(
            o365_internal.counted_size(card, v_json, v_root, dialect), v_size, v_limit);
    END IF;
    IF v_root = 'm.card' THEN
        v_codes := v_codes || o365_internal.message_codes(card);
    ELSIF NOT v_too_deep OR v_root = 's.card' OR dialect = 'connector' THEN
        v_codes := v_codes || o365_internal.root_codes(card, v_root, dialect, v_json);
    END IF;
    IF v_too_deep THEN
        v_codes := v_codes || '$:too_deep'::text;
    ELSIF v_size > 10000 OR v_json ~ '[0-9]{200}' OR position(E'\x7f' IN v_json) > 0 OR position('\' IN v_json) > 0 THEN
        v_codes := v_codes || o365_internal.value_codes(card, v_json);
    END IF;
    v_walk.trusts_actions := v_root <> 'm.card' OR NOT card ?| '{sections,potentialAction}'
                             OR o365_internal.actions_are_right(card, target_urls);
    IF v_root = 'a.message' AND dialect = 'connector' THEN
        v_root := NULL;  -- its objects are not looked at
    END IF;
    IF v_walk.trusts_actions THEN
        v_doubts := o365_internal.known_doubts(card, v_root, v_walk.converts);
        IF v_codes = '{}' AND v_doubts = '[]' THEN
            RETURN '[]';
        END IF;
    END IF;
    v_problems := o365_internal.walked_problems(v_walk, card, v_root, v_doubts, v_codes);
    -- A corrected card may be longer: the dash for an empty fact is twice as long as the fact.
    RETURN CASE WHEN v_size * 5 > v_limit AND v_problems #>> '{0,severity}' = 'warning'
                     AND jsonb_path_exists(v_problems, '$[*].corrected')
                THEN o365_internal.with_size_after(card, dialect, v_root, v_size, v_limit, v_problems)
                ELSE v_problems END;
END $$;
COMMENT ON FUNCTION o365_internal.card_problems(jsonb, text, text[], text, integer) IS
    'What is wrong with a card: an array of severity, path, problem and hint, errors first, at most 100; [] for '
    'nothing. corrected stands in those that o365.send puts right. target_urls: those of the connector it goes '
    'through, null when it is not known. json_text: card as text, and size_limit: the setting card_size_limit, where '
    'whoever asks has them.';
