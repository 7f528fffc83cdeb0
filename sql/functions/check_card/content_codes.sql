CREATE OR REPLACE FUNCTION o365_internal.content_codes(content jsonb, path text, json_text text) RETURNS text[]
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_codes text[] := '{}';
BEGIN
    IF coalesce(jsonb_typeof(content->'version'), 'null') = 'null' THEN
        v_codes := v_codes || (path || '.version:version:none');
    END IF;
    IF o365_internal.begins_unseen(content) AND NOT o365_internal.shows_something(content->'body')
       AND NOT jsonb_path_exists(content, '$.actions[*] ? (@ != null)') THEN
        v_codes := v_codes || (path || '.body:no_content');
    END IF;
    -- The whole value is searched only if it has such a word.
    IF o365_internal.has_mentions(json_text) THEN
        v_codes := v_codes || o365_internal.mention_codes(content, path);
    END IF;
    IF position('"id"' IN json_text) > 0 AND EXISTS (
           SELECT FROM jsonb_path_query(
               content, 'strict $.** ? (@.type() == "object" && @.type != "mention" && exists(@.type)).id') AS i
            GROUP BY i HAVING count(*) > 1) THEN
        v_codes := v_codes || (path || ':same_element_id');
    END IF;
    RETURN v_codes;
END $$;
COMMENT ON FUNCTION o365_internal.content_codes(jsonb, text, text) IS
    'Rules that an Adaptive Card for Workflows breaks as a whole, each after its path; {} for none. path: where it '
    'stands; json_text: a text that has its.';
