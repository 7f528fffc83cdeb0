CREATE OR REPLACE FUNCTION o365_internal.reason_text(reason text) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN left(o365_internal.label(reason), 500);
END $$;
COMMENT ON FUNCTION o365_internal.reason_text(text) IS
    'Why somebody changed something, as it is stored and shown: as label, at most 500 characters. Null: nobody said.';
