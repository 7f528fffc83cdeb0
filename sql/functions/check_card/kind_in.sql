CREATE OR REPLACE FUNCTION o365_internal.kind_in(child text, item jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN CASE WHEN right(child, 1) <> ':' THEN child
                ELSE child || coalesce(left(CASE WHEN left(child, 1) = 'm' THEN item->>'@type' ELSE item->>'type' END,
                    60), '') END;
END $$;
COMMENT ON FUNCTION o365_internal.kind_in(text, jsonb) IS
    'The kind of an object in a field whose child in card_field is this one: with a colon at its end its type '
    'follows.';
