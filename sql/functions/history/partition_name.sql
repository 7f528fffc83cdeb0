CREATE OR REPLACE FUNCTION o365_internal.partition_name(of_table text, day date) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN of_table || to_char(day, '_YYYYMMDD');
END $$;
COMMENT ON FUNCTION o365_internal.partition_name(text, date) IS
    'The name of a partition, such as delivery_20261129: it says the last day that is in it.';
