CREATE OR REPLACE FUNCTION o365_internal.check_end(until timestamptz, what text, ended_by text) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF until <= now() THEN
        RAISE EXCEPTION 'the % would end at %, which is past', what,
                coalesce(to_char(until, 'YYYY-MM-DD HH24:MI'), until::text)
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = format('Pass a time to come, as now() + interval ''1 hour''; leave it out to %s until %s.',
                                what, ended_by);
    END IF;
END $$;
COMMENT ON FUNCTION o365_internal.check_end(timestamptz, text, text) IS
    'Refuses a pause or a hold (what) whose end is past; ended_by: the function that ends one without an end. Null and '
    'infinity are no end. Error: invalid_parameter_value.';
