CREATE OR REPLACE FUNCTION o365_internal.cards_a_lease() RETURNS integer
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN 20;
END $$;
COMMENT ON FUNCTION o365_internal.cards_a_lease() IS
    'How many cards of one lane a worker asks for, and so posts under one lease, at most.';
