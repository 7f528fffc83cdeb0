CREATE OR REPLACE FUNCTION o365_internal.has_tests(late bigint[]) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- They come first: the list is in order, but for one that was added since the last report.
    RETURN coalesce(0 > late[1] OR 0 > late[cardinality(late)], false);
END $$;
COMMENT ON FUNCTION o365_internal.has_tests(bigint[]) IS
    'Whether a lane''s list of cards to take first has a test card: their positions are negative.';
