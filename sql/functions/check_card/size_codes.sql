CREATE OR REPLACE FUNCTION o365_internal.size_codes(counted integer, size integer, card_size_limit integer)
    RETURNS text[]
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN CASE WHEN counted > o365_internal.counted_limit(card_size_limit)
                THEN ARRAY['$:size_counted:' || counted || ':' || size || ' bytes:'
                           || o365_internal.counted_limit(card_size_limit)] END;
END $$;
COMMENT ON FUNCTION o365_internal.size_codes(integer, integer, integer) IS
    'The rule, after its path, that is broken by a card which counts as too large at the far end; null for none. size: '
    'its bytes.';
