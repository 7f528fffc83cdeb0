CREATE OR REPLACE FUNCTION o365_internal.mention_codes(content jsonb, path text) RETURNS text[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_pattern text := '<at(?:\s[^<>]*)?>[^<]*</at>' COLLATE "C";
    v_mentions jsonb := jsonb_path_query_array(content, '$.msteams.entities[*] ? (@.type == "mention")');
    v_codes text[] := '{}';
    v_wrong text;
BEGIN
    IF EXISTS (
           SELECT (regexp_matches(t #>> '{}', v_pattern COLLATE "C", 'gi'))[1]
             FROM jsonb_path_query(content, '$.** ? (@.type == "TextBlock" || @.type == "TextRun").text'
                                            ' ? (@.type() == "string")') AS t
           UNION SELECT (regexp_matches(t #>> '{}', v_pattern COLLATE "C", 'gi'))[1]
             FROM jsonb_path_query(content, '$.**.facts[*].* ? (@.type() == "string")') AS t
           EXCEPT SELECT e->>'text' FROM jsonb_array_elements(v_mentions) AS e) THEN
        v_codes := v_codes || (path || '.msteams.entities:mention');
    END IF;
    IF jsonb_array_length(v_mentions) > 20 THEN
        v_codes := v_codes || (path || '.msteams.entities:mentions:' || jsonb_array_length(v_mentions));
    END IF;
    -- 28: begins the id of a bot, 29: that of a user as a bot knows it, 8: that of a user as the chat service does.
    SELECT CASE WHEN coalesce(e #>> '{mentioned,id}', '') = '' THEN 'it has no mentioned.id'
                WHEN jsonb_typeof(e #> '{mentioned,id}') <> 'string'
                    THEN format('its id is a %s', jsonb_typeof(e #> '{mentioned,id}'))
                ELSE format('its id begins with %s:, as only a bot knows it',
                    split_part(e #>> '{mentioned,id}', ':', 1)) END
      INTO v_wrong
      FROM jsonb_array_elements(v_mentions) AS e
     WHERE coalesce(e #>> '{mentioned,id}', '') = '' OR jsonb_typeof(e #> '{mentioned,id}') <> 'string'
           OR e #>> '{mentioned,id}' ~ '^(8|28|29):' LIMIT 1;
    IF v_wrong IS NOT NULL THEN
        v_codes := v_codes || (path || '.msteams.entities:mentioned:' || v_wrong);
    END IF;
    RETURN v_codes;
END $$;
COMMENT ON FUNCTION o365_internal.mention_codes(jsonb, text) IS
    'Rules that the mentions of an Adaptive Card break, each after its path; {} for none. path: where the card '
    'stands.';
