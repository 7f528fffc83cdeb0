CREATE OR REPLACE FUNCTION o365_internal.counted_size(card jsonb, json_text text, root text, dialect text)
    RETURNS integer
LANGUAGE plpgsql STABLE AS $$
DECLARE
    v_length integer := length(json_text);
BEGIN
    -- docs/cards.md, Size: the far end puts the body into a string, and there is a bound on what a conversion adds to
    -- each object.
    RETURN octet_length(json_text) + v_length - length(replace(json_text, '"', ''))
        + CASE WHEN position('\' IN json_text) > 0 THEN v_length - length(replace(json_text, '\', '')) ELSE 0 END
        + CASE WHEN root = 'm.card' AND dialect = 'workflow' THEN 600
                    + 400 * CASE WHEN jsonb_typeof(card->'sections') = 'array' THEN jsonb_array_length(card->'sections')
                        ELSE 0 END
                    + 100 * ((v_length - length(replace(json_text, '"image"', ''))) / 7)
                    -- An action that becomes a link has its address instead of what it was: at most 80 beside
                    -- public_url.
                    + CASE WHEN position('"HttpPOST"' IN json_text) > 0 OR position('"ActionCard"' IN json_text) > 0
                           THEN (80 + length(o365_internal.text_setting('public_url')))
                                * ((v_length - length(replace(json_text, '"HttpPOST"', ''))) / 10
                                   + (v_length - length(replace(json_text, '"ActionCard"', ''))) / 12)
                           ELSE 0 END
               WHEN root = 'm.card' AND position('"o365:action"' IN json_text) > 0
                   -- An address of ours, at most 100 beside public_url, in its place.
                   THEN (100 + length(o365_internal.text_setting('public_url')))
                        * ((v_length - length(replace(json_text, '"o365:action"', ''))) / 13)
               WHEN root = 's.card' THEN 300 + 100 * CASE WHEN jsonb_typeof(card->'body') = 'array'
                   THEN jsonb_array_length(card->'body') ELSE 0 END
               WHEN root = 'a.card' THEN 200 ELSE 0 END;
END $$;
COMMENT ON FUNCTION o365_internal.counted_size(jsonb, text, text, text) IS
    'Bytes of a card as the far end may count them, at most, conversion included. json_text is the card''s text, root '
    'its card_root.';
