CREATE OR REPLACE FUNCTION o365_internal.message_shows_something(card jsonb) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN o365_internal.is_seen(card->>'text') IS TRUE OR o365_internal.is_seen(card->>'summary') IS TRUE
        OR o365_internal.is_seen(card->>'title') IS TRUE
        OR jsonb_path_exists(card, '$.potentialAction[*] ? (@ != null)')
        OR jsonb_path_exists(card, '$.sections[*].potentialAction[*] ? (@ != null)')
        OR jsonb_path_exists(card, '$.sections[*].images[*].image ? (@ != null && @ != "")')
        OR EXISTS (SELECT FROM jsonb_path_query(card, '$.sections[*].facts[*].*') AS f
            WHERE o365_internal.is_seen(f #>> '{}'))
        OR EXISTS (
            SELECT FROM jsonb_path_query(card, '$.sections[*] ? (@.type() == "object")') AS s,
                        unnest(ARRAY[s->>'title', s->>'activityTitle', s->>'activitySubtitle', s->>'activityText',
                            s->>'text',
                                     s->>'activityImage', s #>> '{heroImage,image}']) AS t (value)
             WHERE o365_internal.is_seen(t.value));
END $$;
COMMENT ON FUNCTION o365_internal.message_shows_something(jsonb) IS
    'Whether anything of a MessageCard is shown: a text with a visible character, a picture or an action.';
