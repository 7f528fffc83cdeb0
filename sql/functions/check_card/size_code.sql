CREATE OR REPLACE FUNCTION o365_internal.size_code(counted integer, size integer, card_size_limit integer)
RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN '$:size_counted:' || counted || ':' || size || ' bytes:' || o365_internal.counted_limit(card_size_limit);
END $$;
COMMENT ON FUNCTION o365_internal.size_code(integer, integer, integer) IS
    'The code, after its path, for a card that counts as too large at the far end.';
