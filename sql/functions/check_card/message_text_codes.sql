CREATE OR REPLACE FUNCTION o365_internal.message_text_codes(card jsonb) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF o365_internal.is_blank_for_connector(card->>'text') AND o365_internal.is_blank_for_connector(card->>'summary')
        THEN
        RETURN ARRAY[CASE WHEN NOT card ?| '{@type,@context,title,text,summary,sections,potentialAction}'
                               AND card ?| '{type,body,version,$schema,content,card}' THEN '$:no_card'
                                   ELSE '$.text:no_text' END];
    END IF;
    RETURN CASE WHEN o365_internal.message_shows_something(card) THEN '{}'::text[] ELSE '{$:nothing_seen}' END;
END $$;
COMMENT ON FUNCTION o365_internal.message_text_codes(jsonb) IS
    'Rules that a MessageCard breaks by having neither text nor summary, or nothing that is seen, each after its '
    'path; {} for none.';
