CREATE OR REPLACE FUNCTION o365_internal.scheduled_between(low bigint, high bigint) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    v_n bigint := 0;
BEGIN
    IF to_regclass('o365_internal.scheduled') IS NOT NULL THEN
        EXECUTE 'SELECT count(*) FROM o365_internal.scheduled AS s WHERE s.card_id BETWEEN $1 AND $2'
           INTO v_n USING low, high;
    END IF;
    RETURN v_n;
END $$;
COMMENT ON FUNCTION o365_internal.scheduled_between(bigint, bigint) IS
    'How many cards are scheduled whose numbers lie between the two.';
