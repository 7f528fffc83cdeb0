CREATE OR REPLACE FUNCTION o365_internal.counted_limit(card_size_limit integer) RETURNS integer
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN (card_size_limit * 1.18)::integer;
END $$;
COMMENT ON FUNCTION o365_internal.counted_limit(integer) IS
    'What counted_size may be: the far end''s limit is 28 KB when the setting card_size_limit is 24,000 bytes.';
