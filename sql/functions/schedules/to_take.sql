CREATE OR REPLACE FUNCTION o365_internal.to_take(late bigint[], run bigint[]) RETURNS bigint[]
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN CASE WHEN run IS NULL THEN late ELSE ARRAY(SELECT v FROM unnest(late) AS v WHERE v < 0) || run END;
END $$;
COMMENT ON FUNCTION o365_internal.to_take(bigint[], bigint[]) IS
    'Places of the cards that a claim takes first: those of a lane''s list; where it has a schedule only what passes '
    'it, and what its last run made.';
