CREATE OR REPLACE FUNCTION o365_internal.all_turns() RETURNS smallint[]
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN '{0,1,2,3,4}';
END $$;
COMMENT ON FUNCTION o365_internal.all_turns() IS
    'The values of lane.turn. Whoever looks for lanes by next_at names each: the index begins with far end and turn.';
