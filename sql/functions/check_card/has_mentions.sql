CREATE OR REPLACE FUNCTION o365_internal.has_mentions(json_text text) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN position('"mention"' IN json_text) > 0 OR position('<at' IN json_text) > 0
        OR position('<A' IN json_text) > 0;
END $$;
COMMENT ON FUNCTION o365_internal.has_mentions(text) IS
    'Whether the text of a card has what may be a mention, or an entity of one.';
