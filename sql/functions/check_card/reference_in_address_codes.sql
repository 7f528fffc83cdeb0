CREATE OR REPLACE FUNCTION o365_internal.reference_in_address_codes(value text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN CASE WHEN value ~* '&(amp|#38|#x26);' COLLATE "C"
                THEN ARRAY['address_entity:' || substring(value FROM '(?i)&(?:amp|#38|#x26);')] END;
END $$;
COMMENT ON FUNCTION o365_internal.reference_in_address_codes(text) IS
    'The rule that an address breaks by &amp; where & belongs; null for none.';
