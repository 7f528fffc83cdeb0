CREATE OR REPLACE FUNCTION o365_internal.plural(n bigint, one text, many text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN format('%s %s', n, CASE WHEN n = 1 THEN one ELSE many END);
END $$;
COMMENT ON FUNCTION o365_internal.plural(bigint, text, text) IS 'A number and what it counts: 1 card, 2 cards.';
